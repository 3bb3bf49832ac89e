#include "peer/session/processor_load.hpp"

#include <ctime>

#include <algorithm>
#include <array>
#include <fstream>
#include <string>
#include <thread>

namespace shoal {

namespace {

duration time_of(clockid_t which) {
  timespec spent{};
  if (::clock_gettime(which, &spent) != 0) return {};
  return std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec);
}

double part(duration spent, duration of) {
  return std::clamp(std::chrono::duration<double>(spent) / std::chrono::duration<double>(of), 0.0, 1.0);
}

}  // namespace

processor_load::times processor_load::read() {
  times now{time_of(CLOCK_THREAD_CPUTIME_ID), time_of(CLOCK_PROCESS_CPUTIME_ID)};
  // user, nice, system, idle, iowait, irq, softirq, steal
  std::array<std::uint64_t, 8> ticks{};
  std::ifstream file("/proc/stat");
  std::string cpu;
  file >> cpu;
  for (std::uint64_t& one : ticks) file >> one;
  for (const std::uint64_t one : ticks) now.all += one;
  now.busy = now.all - ticks[3] - ticks[4];
  return now;
}

const processor_load::shares& processor_load::look(time_point now) {
  if (measured_at_ != time_point{} && now - measured_at_ < interval) return last_;
  const times read_now = read();
  if (measured_at_ != time_point{}) {
    const duration took = now - measured_at_;
    const auto cores = std::max(1u, std::thread::hardware_concurrency());
    last_.thread = part(read_now.thread - before_.thread, took);
    last_.program = part(read_now.program - before_.program, took * cores);
    const std::uint64_t all = read_now.all - std::min(read_now.all, before_.all);
    const std::uint64_t busy = read_now.busy - std::min(read_now.busy, before_.busy);
    last_.machine = all == 0 ? 0 : static_cast<double>(busy) / static_cast<double>(all);
  }
  before_ = read_now;
  measured_at_ = now;
  return last_;
}

}  // namespace shoal
