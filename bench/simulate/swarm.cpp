#include "simulate/swarm.hpp"

#include <algorithm>
#include <unordered_set>

namespace shoal::simulate {

namespace {

std::uint32_t piece_bytes_of(const scenario& how) {
  return how.piece_bytes != 0 ? how.piece_bytes : piece_bytes_for(how.share_bytes);
}

duration part_of(duration span, double fraction) {
  return std::chrono::duration_cast<duration>(std::chrono::duration<double>(span) * fraction);
}

}  // namespace

swarm::swarm(const scenario& how, observer& seen_by)
    : how_(how),
      chance_(how.seed),
      content_(how.share_bytes, piece_bytes_of(how)),
      net_(how),
      around_{how, content_, net_, seen_by} {
  for (std::uint32_t i = 0; i < how.seeders; ++i) {
    node& seeder = add(role::seeder, seeder_uplink(), how.downlink);
    net_.begin_at(seeder.index(), time_point{how.seeder_begins});
    if (how.seeder_dies > duration::zero()) net_.die_at(seeder.index(), time_point{how.seeder_dies});
  }
  add_leechers();
  for (std::uint32_t i = 0; i < how.liars; ++i)
    net_.begin_at(add(role::liar, how.uplink, how.downlink).index(), time_point{});
  const std::size_t first_comers = nodes_.size();
  for (const time_point at : comings_) {
    node& newcomer = add(role::leecher, how.uplink, how.downlink);
    newcomer.set_awaited();
    net_.begin_at(newcomer.index(), at);
  }
  add_sources();
  for (node& one : nodes_) introduce(one, first_comers);
}

node& swarm::add(role what, double uplink_rate, double downlink_rate) {
  node& added = nodes_.emplace_back(around_, what, node_index{static_cast<std::uint32_t>(nodes_.size())});
  net_.add(added, uplink_rate, downlink_rate);
  return added;
}

double swarm::downlink_of(std::uint32_t leecher) const {
  return how_.downlinks.empty() ? how_.downlink : how_.downlinks[leecher % how_.downlinks.size()];
}

void swarm::add_leechers() {
  for (std::uint32_t i = 0; i < how_.leechers; ++i) {
    const bool slow = chance_.fraction() < how_.slow_share;
    const double trouble = chance_.fraction();
    const double usual = how_.uplinks.empty() ? how_.uplink : how_.uplinks[i % how_.uplinks.size()];
    const double rate = slow ? usual / how_.slow_factor : usual;
    uplink_rate_of_leechers_ += rate;
    node& leecher = add(role::leecher, rate, downlink_of(i));
    const time_point begin{part_of(how_.start_spread, chance_.fraction())};
    net_.begin_at(leecher.index(), begin);
    // While the swarm is at work, as far as that can be said before.
    const time_point ends = begin + part_of(how_.trouble_time, chance_.fraction());
    if (trouble < how_.churn_share) {
      net_.die_at(leecher.index(), ends);
      comings_.push_back(ends);
    } else if (trouble < how_.churn_share + how_.silent_share) {
      net_.fall_silent_at(leecher.index(), ends);
    } else {
      leecher.set_awaited();
      awaited_.push_back(leecher.index());
    }
  }
}

void swarm::add_sources() {
  for (const source_plan& plan : how_.sources) {
    const node_index index = source_of(sources_.size());
    source& added = sources_.emplace_back(plan, how_.seed, content_, net_, index);
    net_.add(added, plan.up, how_.downlink);
    net_.set_latency(index, plan.latency);
    for (const rate_change& change : plan.rates) net_.set_uplink_at(index, change.rate, time_point{change.at});
    net_.begin_at(index, time_point{});
    for (const absence& away : plan.absences) {
      net_.die_at(index, time_point{away.begin});
      net_.begin_at(index, time_point{away.end});
    }
  }
}

// Newcomers are not told to the others: they dial as many as they want themselves.
void swarm::introduce(node& who, std::size_t first_comers) {
  if (who.what() == role::seeder || who.what() == role::liar) return;
  const auto find = [&](std::uint32_t other) {
    const role what = nodes_[other].what();
    who.on_found(node_index{other}, what == role::seeder || what == role::liar);
  };
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    who.on_found(source_of(i), sources_[i].pieces().all());
  }
  const auto count = static_cast<std::uint32_t>(first_comers);
  if (count <= how_.addresses_known) {
    for (std::uint32_t i = 0; i < count; ++i) {
      if (node_index{i} != who.index()) find(i);
    }
    return;
  }
  std::unordered_set<std::uint32_t> known{who.index().value()};
  while (known.size() <= how_.addresses_known) {
    const auto other = static_cast<std::uint32_t>(chance_.below(count));
    if (known.insert(other).second) find(other);
  }
  for (std::uint32_t i = 0; i < how_.seeders; ++i) {
    if (known.insert(i).second) find(i);
  }
}

bool swarm::step() {
  if (complete() || net_.now() >= time_point{how_.time_max}) return false;
  net_.step();
  return true;
}

double swarm::capacity() const {
  return how_.seeders * seeder_uplink() + uplink_rate_of_leechers_;
}

double swarm::bound_seconds() const {
  const auto bytes = static_cast<double>(how_.share_bytes);
  double slowest_downlink = how_.downlink;
  if (!how_.downlinks.empty()) {
    // Downlinks without a leecher do not count.
    const std::size_t used = std::min<std::size_t>(how_.downlinks.size(), how_.leechers);
    slowest_downlink =
        *std::min_element(how_.downlinks.begin(), how_.downlinks.begin() + static_cast<std::ptrdiff_t>(used));
  }
  return std::max(
      {bytes / (how_.seeders * seeder_uplink()), bytes / slowest_downlink, how_.leechers * bytes / capacity()});
}

void swarm::check_invariants() const {
  for (const node& one : nodes_) one.check_invariants();
}

}  // namespace shoal::simulate
