// Draws many uneven sets of sources, simulates a download from each, and prints the worst of each kind.

#include <boost/program_options.hpp>
#include <iomanip>
#include <iostream>
#include <string>

#include "simulate/uneven.hpp"
#include "simulate/uneven_draw.hpp"

namespace {

using namespace shoal;
using namespace shoal::simulate;
namespace options = boost::program_options;

struct choices {
  std::uint64_t seeds = 100;
  std::uint64_t seed = 0;
  std::string kind;
};

bool read(int count, char** words, choices& chosen) {
  options::options_description all("simulate_uneven: downloads from uneven sources, in simulated time");
  auto add = all.add_options();
  add("help", "this");
  add("seeds", options::value(&chosen.seeds)->default_value(chosen.seeds), "so many of each kind, from 1 on");
  add("kind", options::value(&chosen.kind), "of trouble; without it all");
  add("seed", options::value(&chosen.seed), "only this one, and everything about it");
  options::variables_map given;
  options::store(options::parse_command_line(count, words, all), given);
  options::notify(given);
  if (!given.contains("help")) return true;
  std::cout << all << "kinds:";
  for (const auto& [kind, name] : all_troubles()) std::cout << ' ' << name;
  std::cout << '\n';
  return false;
}

std::string_view name_of(manner treats) {
  constexpr std::string_view names[] = {"serves", "chokes", "mute", "wavers", "drops", "rejects", "lies"};
  return names[static_cast<std::size_t>(treats)];
}

double seconds_of(duration span) {
  return std::chrono::duration<double>(span).count();
}

void print(const scenario& how, const uneven_outcome& about) {
  std::cout << std::fixed << std::setprecision(3) << "share " << how.share_bytes << " bytes in pieces of "
            << how.piece_bytes / KiB << " KiB\n";
  for (std::size_t i = 0; i < how.sources.size(); ++i) {
    const source_plan& plan = how.sources[i];
    std::cout << "  " << name_of(plan.treats) << (plan.steady() ? ", steady" : "") << ": " << plan.up / 1000
              << " kB/s, " << 1000 * seconds_of(plan.latency) << " ms away";
    if (plan.pieces.size() != 0) std::cout << ", holds " << plan.pieces.count() << " of " << plan.pieces.size();
    if (plan.waver_period > duration::zero()) std::cout << ", each " << seconds_of(plan.waver_period) << " s";
    for (const rate_change& change : plan.rates) {
      std::cout << "; from " << seconds_of(change.at) << " s " << change.rate / 1000 << " kB/s";
    }
    for (const absence& away : plan.absences) {
      std::cout << "; away " << seconds_of(away.begin) << " to " << seconds_of(away.end) << " s";
    }
    std::cout << "; sent " << about.bytes_sent[i] << " bytes\n";
  }
  std::cout << (about.complete ? "took " : "NOT complete after ") << about.seconds << " s, limit " << about.limit
            << " s, fluid " << about.fluid << " s; duplicates " << about.duplicates * 100 << " %; requeued "
            << about.requeued << ", stolen " << about.stolen << '\n';
}

/// The worst of many.
struct record {
  double worst = -1;
  std::uint64_t seed = 0;
  uneven_outcome run;

  void see(double value, std::uint64_t of, const uneven_outcome& what) {
    if (value <= worst) return;
    worst = value;
    seed = of;
    run = what;
  }
};

/// Runs the seeds of one kind; whether all were good.
bool survey(trouble kind, std::string_view name, std::uint64_t seeds) {
  observer nobody;
  record time;
  record duplicates;
  std::uint64_t late = 0;
  std::uint64_t wasteful = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const uneven_outcome run = run_uneven(draw_uneven(kind, seed), nobody);
    time.see(run.over_limit(), seed, run);
    duplicates.see(run.duplicates, seed, run);
    if (!run.in_time()) ++late;
    if (run.duplicates > run.duplicates_limit) ++wasteful;
  }
  std::cout << std::fixed << std::setprecision(3) << std::left << std::setw(9) << name << std::right << std::setw(6)
            << late << " late" << std::setw(6) << wasteful << " wasteful;  worst time " << time.run.seconds
            << " s, limit " << time.run.limit << " s, " << time.worst << " of it"
            << (time.run.complete ? "" : " (NEVER)") << ", seed " << time.seed << ";  worst duplicates "
            << duplicates.worst * 100 << " %, seed " << duplicates.seed << std::endl;
  return late == 0 && wasteful == 0;
}

}  // namespace

int main(int count, char** words) {
  choices chosen;
  try {
    if (!read(count, words, chosen)) return 0;
  } catch (const options::error& wrong) {
    std::cerr << "simulate_uneven: " << wrong.what() << '\n';
    return 2;
  }
  bool found = false;
  bool good = true;
  for (const auto& [kind, name] : all_troubles()) {
    if (!chosen.kind.empty() && chosen.kind != name) continue;
    found = true;
    if (chosen.seed == 0) {
      good = survey(kind, name, chosen.seeds) && good;
      continue;
    }
    observer nobody;
    const scenario how = draw_uneven(kind, chosen.seed);
    const uneven_outcome run = run_uneven(how, nobody);
    std::cout << name << ", seed " << chosen.seed << ": ";
    print(how, run);
    good = run.good() && good;
  }
  if (!found) {
    std::cerr << "simulate_uneven: there is no kind '" << chosen.kind << "'; see --help\n";
    return 2;
  }
  return good ? 0 : 1;
}
