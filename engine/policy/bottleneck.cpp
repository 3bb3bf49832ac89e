#include "policy/bottleneck.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace shoal {

namespace {

// What holds so much of the time is what holds the transfer up.
constexpr double often = 0.3;
constexpr double mostly = 0.5;
constexpr double thread_busy = 0.85;
constexpr double machine_busy = 0.95;
// Someone else takes the processor if this program has less of it.
constexpr double program_busy = 0.25;
// The variance of the sum of independent sources is the sum of their variances.
constexpr double shared_variance_max = 0.5;
// Whoever brought something in so much of the time counts as one that delivers all the time.
constexpr double steady = 0.75;

double variance(const std::vector<double>& values) {
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return sum / static_cast<double>(values.size());
}

}  // namespace

void bottleneck::on_sample(sample taken, duration took) {
  past_.push_back({std::move(taken), std::max(1e-3, std::chrono::duration<double>(took).count())});
  if (past_.size() > samples_max) past_.pop_front();
}

template <class Test>
double bottleneck::share(Test&& test) const {
  const auto count = std::ranges::count_if(past_, [&](const past& one) { return test(one.of); });
  return static_cast<double>(count) / static_cast<double>(past_.size());
}

bool bottleneck::one_link(const std::vector<source_id>& sources) const {
  if (past_.size() < samples_of_variance || sources.size() < 2) return false;
  std::vector<double> together(past_.size());
  double apart = 0;
  std::size_t counted = 0;
  for (const source_id id : sources) {
    std::vector<double> rates(past_.size());
    std::size_t busy = 0;
    for (std::size_t i = 0; i < past_.size(); ++i) {
      const auto at = std::ranges::find(past_[i].of.sources, id, &source_sample::source);
      if (at == past_[i].of.sources.end() || at->bytes == 0) continue;
      rates[i] = static_cast<double>(at->bytes) / past_[i].seconds;
      ++busy;
    }
    if (static_cast<double>(busy) < steady * static_cast<double>(past_.size())) continue;
    ++counted;
    apart += variance(rates);
    for (std::size_t i = 0; i < rates.size(); ++i) together[i] += rates[i];
  }
  return counted >= 2 && variance(together) < shared_variance_max * apart;
}

bottleneck::finding bottleneck::find(unsigned workers) const {
  finding found;
  if (past_.size() < samples_min) return found;
  double seconds = 0;
  std::uint64_t bytes = 0;
  std::uint64_t from_disk = 0;
  std::uint64_t held_by_them = 0;
  std::uint64_t stored = 0;
  duration hashing{};
  duration writing{};
  double thread = 0;
  double program = 0;
  double machine = 0;
  std::map<source_id, std::uint64_t> brought;
  std::map<source_id, std::uint64_t> their_limits;
  for (const past& one : past_) {
    seconds += one.seconds;
    stored += one.of.stored;
    hashing += one.of.hashing;
    writing += one.of.writing;
    thread += one.of.thread * one.seconds;
    program += one.of.program * one.seconds;
    machine += one.of.machine * one.seconds;
    for (const source_sample& source : one.of.sources) {
      bytes += source.bytes;
      if (source.disk) from_disk += source.bytes;
      if (source.bytes > 0) brought[source.source] += source.bytes;
      if (source.their_limit == 0) continue;
      held_by_them += source.bytes;
      their_limits[source.source] = source.their_limit;
    }
  }
  found.rate = static_cast<double>(bytes) / seconds;
  for (const auto& [id, of_it] : brought) found.sources.push_back(id);
  const auto silent = [](const past& one) {
    return std::ranges::all_of(one.of.sources, [](const source_sample& source) { return source.bytes == 0; });
  };
  const std::size_t recent = std::min(past_.size(), samples_of_silence);
  if (std::all_of(past_.end() - static_cast<std::ptrdiff_t>(recent), past_.end(), silent)) {
    found.what = limiter::nothing;
    found.rate = 0;
    return found;
  }
  const std::uint64_t limit = past_.back().of.own_limit;
  const auto limited = [](const source_sample& one) { return one.doing == source_activity::limited; };
  if (limit != 0 && share([&](const sample& one) { return std::ranges::any_of(one.sources, limited); }) >= often) {
    found.what = limiter::own_limit;
    found.possible = static_cast<double>(limit);
    return found;
  }
  if (static_cast<double>(from_disk) >= mostly * static_cast<double>(bytes)) {
    found.what = limiter::disk;
    return found;
  }
  if (share([](const sample& one) { return one.disk_behind; }) >= often) {
    found.what = hashing > writing ? limiter::hashing : limiter::disk;
    const double worked = std::chrono::duration<double>(std::max(hashing, writing)).count();
    if (worked > 0) found.possible = static_cast<double>(stored) / worked * workers;
    return found;
  }
  thread /= seconds;
  program /= seconds;
  machine /= seconds;
  if (thread >= thread_busy || (machine >= machine_busy && program >= program_busy)) {
    found.what = limiter::processor;
    found.possible = found.rate / std::min(1.0, std::max(thread, program));
    return found;
  }
  if (static_cast<double>(held_by_them) >= mostly * static_cast<double>(bytes)) {
    found.what = limiter::their_limit;
    for (const auto& [id, rate] : their_limits) found.possible += static_cast<double>(rate);
    return found;
  }
  found.what = one_link(found.sources) ? limiter::downlink : limiter::uplinks;
  found.only_guess = found.sources.size() == 1 || past_.size() < samples_of_variance;
  return found;
}

std::string_view name_of(limiter what) {
  switch (what) {
    case limiter::unknown:
      return "unknown";
    case limiter::nothing:
      return "nothing";
    case limiter::own_limit:
      return "own_limit";
    case limiter::their_limit:
      return "their_limit";
    case limiter::disk:
      return "disk";
    case limiter::hashing:
      return "hashing";
    case limiter::processor:
      return "processor";
    case limiter::downlink:
      return "downlink";
    case limiter::uplinks:
      return "uplinks";
  }
  return "";
}

}  // namespace shoal
