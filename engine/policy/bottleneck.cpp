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
// The variance of the sum of independent sources is the sum of their variances.
constexpr double shared_variance_max = 0.5;
// Whoever brings something in so much of the time brings something all the time.
constexpr double steady = 0.75;

double variance(const std::vector<double>& values) {
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return sum / static_cast<double>(values.size());
}

double seconds_of(duration time) {
  return std::chrono::duration<double>(time).count();
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

std::optional<bool> bottleneck::one_link(const std::vector<source_id>& sources) const {
  if (past_.size() < samples_of_variance) return std::nullopt;
  std::vector<double> together(past_.size());
  double apart = 0;
  std::size_t counted = 0;
  const auto count = [&](auto&& bytes_of) {
    std::vector<double> rates(past_.size());
    for (std::size_t i = 0; i < past_.size(); ++i) {
      rates[i] = static_cast<double>(bytes_of(past_[i].of)) / past_[i].seconds;
    }
    const auto idle = static_cast<double>(std::ranges::count(rates, 0.0));
    if (idle > (1 - steady) * static_cast<double>(rates.size())) return;
    ++counted;
    apart += variance(rates);
    for (std::size_t i = 0; i < rates.size(); ++i) together[i] += rates[i];
  };
  for (const source_id id : sources) {
    count([id](const sample& of) {
      const auto at = std::ranges::find(of.sources, id, &source_sample::source);
      return at == of.sources.end() ? 0 : at->bytes;
    });
  }
  count([](const sample& of) { return of.others; });
  if (counted < 2) return std::nullopt;
  return variance(together) < shared_variance_max * apart;
}

double bottleneck::best_second() const {
  constexpr std::size_t samples = std::chrono::seconds(1) / interval;
  double best = 0;
  for (std::size_t begin = 0; begin + samples <= past_.size(); ++begin) {
    double bytes = 0;
    double seconds = 0;
    for (std::size_t i = begin; i < begin + samples; ++i) {
      seconds += past_[i].seconds;
      for (const source_sample& source : past_[i].of.sources) bytes += static_cast<double>(source.bytes);
    }
    best = std::max(best, bytes / seconds);
  }
  return best;
}

bottleneck::finding bottleneck::find(unsigned workers) const {
  finding found;
  if (past_.size() < samples_min) return found;
  double seconds = 0;
  double bytes = 0;
  double from_disk = 0;
  double held_by_them = 0;
  double others = 0;
  double sent = 0;
  double stored = 0;
  duration hashing{};
  duration writing{};
  duration waiting{};
  double works = 0;
  double waits = 0;
  // Only those that are there still.
  std::map<source_id, double> brought;
  for (const source_sample& source : past_.back().of.sources) brought[source.source] = 0;
  for (const past& one : past_) {
    seconds += one.seconds;
    others += static_cast<double>(one.of.others);
    sent += static_cast<double>(one.of.sent);
    stored += static_cast<double>(one.of.stored);
    hashing += one.of.hashing;
    writing += one.of.writing;
    waiting += one.of.waiting;
    works += one.of.works * one.seconds;
    waits += one.of.waits * one.seconds;
    for (const source_sample& source : one.of.sources) {
      const auto of_it = static_cast<double>(source.bytes);
      bytes += of_it;
      if (source.disk) from_disk += of_it;
      if (source.their_limit != 0) held_by_them += of_it;
      if (const auto at = brought.find(source.source); at != brought.end()) at->second += of_it;
    }
  }
  found.rate = bytes / seconds;
  for (const auto& [id, of_it] : brought) {
    if (of_it > 0) found.sources.push_back(id);
  }
  const auto behind = [](const sample& one) { return one.disk_behind; };
  if (share(behind) >= often) {
    const double took = seconds_of(hashing + writing);
    double longest = seconds_of(std::max(hashing, writing));
    if (took > 0 && seconds_of(waiting) >= mostly * took) {
      found.what = limiter::processor;
      found.waits = seconds_of(waiting) / took;
      longest = took;
    } else {
      found.what = hashing > writing ? limiter::hashing : limiter::disk;
    }
    if (longest > 0) found.possible = stored / longest * workers;
    return found;
  }
  const auto silent = [](const past& one) {
    return std::ranges::all_of(one.of.sources, [](const source_sample& source) { return source.bytes == 0; });
  };
  const std::size_t recent = std::min(past_.size(), samples_of_silence);
  if (std::all_of(past_.end() - static_cast<std::ptrdiff_t>(recent), past_.end(), silent)) {
    found.what = limiter::nothing;
    found.rate = 0;
    return found;
  }
  found.limit = static_cast<double>(past_.back().of.own_limit);
  const auto limited = [](const source_sample& one) { return one.doing == source_activity::limited; };
  const auto held_by_us = [&](const sample& one) { return std::ranges::any_of(one.sources, limited); };
  if (found.limit > 0 && share(held_by_us) >= often) {
    found.what = limiter::own_limit;
    // What other downloads take of it is not left for this one.
    found.possible = std::max(std::min(found.rate, found.limit), found.limit - others / seconds);
    return found;
  }
  found.limit = 0;
  if (from_disk >= mostly * bytes) {
    found.what = limiter::disk;
    return found;
  }
  if (held_by_them >= mostly * bytes) {
    found.what = limiter::their_limit;
    found.possible = found.rate;
    found.sources.clear();
    for (const source_sample& source : past_.back().of.sources) {
      if (source.their_limit == 0 || brought[source.source] == 0) continue;
      found.sources.push_back(source.source);
      found.limit += static_cast<double>(source.their_limit);
    }
    return found;
  }
  works /= seconds;
  waits /= seconds;
  // What the thread does for others does not hold this one up.
  if (works + waits >= thread_busy && bytes >= mostly * (bytes + others + sent)) {
    found.what = limiter::processor;
    found.possible = found.rate / std::min(1.0, works + waits);
    found.waits = waits;
    return found;
  }
  const std::optional<bool> common = one_link(found.sources);
  found.what = common.value_or(false) ? limiter::downlink : limiter::uplinks;
  found.only_guess = !common;
  found.possible = std::max(found.rate, best_second());
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
