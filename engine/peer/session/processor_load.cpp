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

processor_load::ticks processor_load::read_ticks() {
  // user, nice, system, idle, iowait, irq, softirq, steal
  std::array<std::uint64_t, 8> spent{};
  std::ifstream file("/proc/stat");
  std::string cpu;
  file >> cpu;
  for (std::uint64_t& one : spent) file >> one;
  ticks now;
  for (const std::uint64_t one : spent) now.all += one;
  now.busy = now.all - spent[3] - spent[4];
  return now;
}

void processor_load::look_at_machine(time_point now) {
  if (now - ticks_at_ < machine_interval) return;
  const ticks read = read_ticks();
  // The time of waiting for disks may run backwards.
  const std::uint64_t all = read.all - std::min(read.all, ticks_.all);
  const std::uint64_t busy = std::min(all, read.busy - std::min(read.busy, ticks_.busy));
  const bool recent = now - ticks_at_ <= age_max;
  last_.machine = recent && all > 0 ? static_cast<double>(busy) / static_cast<double>(all) : 0;
  ticks_ = read;
  ticks_at_ = now;
}

const processor_load::shares& processor_load::look(time_point now) {
  if (now - measured_at_ < interval) return last_;
  const duration thread = time_of(CLOCK_THREAD_CPUTIME_ID);
  const duration program = time_of(CLOCK_PROCESS_CPUTIME_ID);
  const duration took = now - measured_at_;
  if (took <= age_max) {
    last_.thread = part(thread - thread_, took);
    last_.program = part(program - program_, took * std::max(1u, std::thread::hardware_concurrency()));
  } else {
    last_ = {};
  }
  look_at_machine(now);
  thread_ = thread;
  program_ = program;
  measured_at_ = now;
  return last_;
}

}  // namespace shoal
