#include "observe/thread_load.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <string_view>
#include <utility>

#include "core/descriptor.hpp"

namespace shoal {

namespace {

double part(duration of, duration whole) {
  return std::clamp(std::chrono::duration<double>(of) / std::chrono::duration<double>(whole), 0.0, 1.0);
}

/// Since the thread began. Zero where the kernel does not tell it.
duration waited() {
  static thread_local const unique_descriptor file(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC));
  std::array<char, 80> text{};
  const auto bytes = ::pread(file.get(), text.data(), text.size(), 0);
  const std::string_view said(text.data(), bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
  const std::size_t space = said.find(' ');
  std::int64_t nanoseconds = 0;
  if (space != std::string_view::npos) std::from_chars(said.data() + space + 1, said.data() + said.size(), nanoseconds);
  return std::chrono::nanoseconds(nanoseconds);
}

}  // namespace

thread_load::spent thread_load::read() {
  spent now;
  timespec working{};
  if (::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &working) == 0) {
    now.working = std::chrono::seconds(working.tv_sec) + std::chrono::nanoseconds(working.tv_nsec);
  }
  now.waiting = waited();
  return now;
}

duration thread_load::waited_since_last() {
  static thread_local duration last{};
  const duration now = waited();
  return now - std::exchange(last, now);
}

const thread_load::shares& thread_load::look(time_point now) {
  if (now - measured_at_ < interval) return last_;
  const spent read_now = read();
  const duration took = now - measured_at_;
  last_ = {};
  if (took <= age_max) {
    last_.works = part(read_now.working - spent_.working, took);
    last_.waits = std::min(part(read_now.waiting - spent_.waiting, took), 1 - last_.works);
  }
  spent_ = read_now;
  measured_at_ = now;
  return last_;
}

}  // namespace shoal
