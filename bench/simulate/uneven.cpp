#include "simulate/uneven.hpp"

#include <algorithm>
#include <bit>
#include <map>

#include "core/assert.hpp"

namespace shoal::simulate {

namespace {

// Often enough to see what lasts for a round trip, and rarely enough to take little time.
constexpr std::uint64_t events_between_checks = 2000;
constexpr std::size_t steady_max = 16;

double seconds_of(duration span) {
  return std::chrono::duration<double>(span).count();
}

std::vector<const source_plan*> steady_ones(const scenario& how) {
  std::vector<const source_plan*> steady;
  for (const source_plan& plan : how.sources) {
    if (plan.steady()) steady.push_back(&plan);
  }
  SHOAL_ASSERT(!steady.empty() && steady.size() <= steady_max);
  return steady;
}

duration longest_round_trip(const scenario& how) {
  duration longest{};
  for (const source_plan* plan : steady_ones(how)) longest = std::max(longest, 2 * (how.latency + plan->latency));
  return longest;
}

}  // namespace

double fluid_seconds(const scenario& how) {
  const auto steady = steady_ones(how);
  const std::uint64_t share_sizes[] = {how.share_bytes};
  const geometry shape(how.piece_bytes, share_sizes);
  // Bytes by the set of their holders, one bit each.
  std::map<std::uint32_t, double> bytes_of;
  for (piece_index piece{0}; piece.value() < shape.piece_count(); ++piece) {
    std::uint32_t holders = 0;
    for (std::size_t i = 0; i < steady.size(); ++i) {
      const bitmap& held = steady[i]->pieces;
      if (held.size() == 0 || held.test(piece.value())) holders |= 1u << i;
    }
    SHOAL_ASSERT(holders != 0);
    bytes_of[holders] += shape.piece_size(piece);
  }
  double slowest = 0;
  for (std::uint32_t group = 1; group < 1u << steady.size(); ++group) {
    double bytes = 0;
    for (const auto& [holders, held] : bytes_of) {
      if ((holders & ~group) == 0) bytes += held;
    }
    double rate = 0;
    for (std::size_t i = 0; i < steady.size(); ++i) {
      if ((group >> i & 1) != 0) rate += steady[i]->up;
    }
    slowest = std::max(slowest, bytes / rate);
  }
  return slowest;
}

namespace {

/// Pieces are whole. If only some sources hold them, the slowest may be left with one more than its part.
double piece_more(const scenario& how) {
  double slowest = 0;
  for (const source_plan& plan : how.sources) {
    if (plan.steady() && plan.pieces.size() != 0) slowest = std::max(slowest, how.piece_bytes / plan.up);
  }
  return slowest;
}

double duplicates_limit(const scenario& how) {
  const auto unsteady = std::ranges::count_if(how.sources, [](const source_plan& plan) { return !plan.rates.empty(); });
  return uneven_duplicates_max + static_cast<double>(unsteady) * static_cast<double>(uneven_beyond_recall) /
                                     static_cast<double>(how.share_bytes);
}

}  // namespace

uneven_outcome run_uneven(const scenario& how, observer& seen_by) {
  SHOAL_ASSERT(how.leechers == 1 && how.seeders == 0);
  uneven_outcome outcome;
  outcome.fluid = fluid_seconds(how);
  outcome.limit = uneven_time_factor * outcome.fluid + seconds_of(uneven_round_trips * longest_round_trip(how)) +
                  seconds_of(uneven_time_more) + piece_more(how);
  outcome.duplicates_limit = duplicates_limit(how);
  swarm one(how, seen_by);
  std::uint64_t events = 0;
  while (one.step()) {
    if (++events % events_between_checks == 0) one.check_invariants();
  }
  one.check_invariants();
  outcome.complete = one.complete();
  outcome.seconds = seconds_of(one.net().now().time_since_epoch());
  const transfer::totals totals = one.nodes().front().totals();
  outcome.duplicates = static_cast<double>(totals.bytes_duplicate) / static_cast<double>(how.share_bytes);
  outcome.requeued = totals.chunks_requeued;
  outcome.stolen = totals.chunks_stolen;
  for (std::size_t i = 0; i < how.sources.size(); ++i) {
    outcome.bytes_sent.push_back(one.net().bytes_sent(one.source_of(i)));
  }
  return outcome;
}

}  // namespace shoal::simulate
