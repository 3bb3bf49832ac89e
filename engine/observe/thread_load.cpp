#include "observe/thread_load.hpp"

#include <ctime>

#include <algorithm>
#include <fstream>

namespace shoal {

namespace {

double part(duration of, duration whole) {
  return std::clamp(std::chrono::duration<double>(of) / std::chrono::duration<double>(whole), 0.0, 1.0);
}

}  // namespace

duration thread_load::worked() {
  timespec spent{};
  if (::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent) != 0) return {};
  return std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec);
}

thread_load::spent thread_load::read() {
  spent now{.working = worked()};
  std::ifstream file("/proc/thread-self/schedstat");
  std::int64_t nanoseconds_working = 0;
  std::int64_t nanoseconds_waiting = 0;
  if (file >> nanoseconds_working >> nanoseconds_waiting) now.waiting = std::chrono::nanoseconds(nanoseconds_waiting);
  return now;
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
