#include "simulate/report.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <iomanip>

namespace shoal::simulate {

namespace {

// A longer list tells nothing.
constexpr std::size_t leechers_listed_max = 16;

double peak_mebibytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

}  // namespace

figures figures_of(const swarm& ran) {
  figures about;
  about.complete = ran.complete();
  about.leechers = static_cast<std::uint32_t>(ran.awaited().size());
  about.bound_seconds = ran.bound_seconds();
  std::vector<double> seconds;
  for (const node_index index : ran.awaited()) {
    const time_point done = ran.nodes()[index.value()].completed();
    if (done != never) seconds.push_back(std::chrono::duration<double>(done.time_since_epoch()).count());
  }
  std::sort(seconds.begin(), seconds.end());
  if (!seconds.empty()) {
    about.first_seconds = seconds.front();
    about.median_seconds = seconds[seconds.size() / 2];
    about.last_seconds = seconds.back();
  }
  const auto share_bytes = static_cast<double>(ran.content().info()->total_bytes());
  if (ran.awaited().size() <= leechers_listed_max) {
    for (const node_index index : ran.awaited()) {
      const duration until = ran.nodes()[index.value()].completed().time_since_epoch();
      about.each.push_back({std::chrono::duration<double>(until).count(),
                            static_cast<double>(ran.net().bytes_sent(index)) / share_bytes});
    }
  }
  std::uint64_t duplicate = 0;
  std::uint64_t verified = 0;
  for (const node& one : ran.nodes()) {
    if (one.what() == role::seeder) {
      about.seeder_copies += static_cast<double>(ran.net().bytes_sent(one.index())) / share_bytes;
    } else if (one.what() == role::leecher) {
      const transfer::totals totals = one.totals();
      duplicate += totals.bytes_duplicate;
      verified += one.verified_bytes();
      about.bytes_failed += totals.bytes_failed;
      about.chunks_stolen += totals.chunks_stolen;
      about.chunks_requeued += totals.chunks_requeued;
    }
  }
  if (verified > 0) about.duplicate_share = static_cast<double>(duplicate) / static_cast<double>(verified);
  for (const std::uint64_t bytes : ran.net().bytes_by_second()) {
    about.uplink_used.push_back(static_cast<double>(bytes) / ran.capacity());
  }
  about.events = ran.net().events().taken();
  about.trace = ran.net().events().trace();
  return about;
}

void print_text(std::ostream& out, const figures& about, double wall_seconds) {
  const auto line = [&](double seconds) -> std::ostream& {
    return out << std::fixed << std::setprecision(3) << seconds / about.bound_seconds << " of the bound (" << seconds
               << " s)\n";
  };
  out << about.leechers << " leechers" << (about.complete ? "" : ", NOT all complete") << "; fluid bound " << std::fixed
      << std::setprecision(3) << about.bound_seconds << " s\n";
  line((out << "  first        ", about.first_seconds));
  line((out << "  median       ", about.median_seconds));
  line((out << "  last         ", about.last_seconds));
  for (std::size_t i = 0; i < about.each.size(); ++i) {
    const auto& one = about.each[i];
    line((out << "  leecher " << std::setw(2) << i + 1 << "   sent " << std::fixed << std::setprecision(3)
              << one.copies_sent << ", ",
          one.seconds));
  }
  out << "  seeder sent  " << about.seeder_copies << " copies\n";
  out << "  duplicates   " << about.duplicate_share * 100 << " %\n";
  out << "  stolen       " << about.chunks_stolen << " chunks, requeued " << about.chunks_requeued << '\n';
  if (about.bytes_failed > 0) out << "  failed       " << about.bytes_failed << " bytes\n";
  out << "  uplinks used " << std::setprecision(2);
  for (const double used : about.uplink_used) out << used << ' ';
  out << "(each second)\n";
  out << "  " << about.events << " events in " << wall_seconds << " s, " << std::setprecision(0)
      << static_cast<double>(about.events) / wall_seconds << " a second, " << peak_mebibytes() << " MiB; trace "
      << std::hex << about.trace << std::dec << '\n';
}

void print_json(std::ostream& out, const figures& about, double wall_seconds) {
  out << std::setprecision(6) << "{\"complete\": " << (about.complete ? "true" : "false")
      << ", \"leechers\": " << about.leechers << ", \"bound\": " << about.bound_seconds
      << ", \"first\": " << about.first_seconds << ", \"median\": " << about.median_seconds
      << ", \"last\": " << about.last_seconds << ", \"seeder_copies\": " << about.seeder_copies
      << ", \"duplicates\": " << about.duplicate_share << ", \"failed_bytes\": " << about.bytes_failed
      << ", \"stolen\": " << about.chunks_stolen << ", \"requeued\": " << about.chunks_requeued
      << ", \"uplinks_used\": [";
  const char* separator = "";
  for (const double used : about.uplink_used) {
    out << separator << used;
    separator = ", ";
  }
  out << "], \"events\": " << about.events << ", \"wall\": " << wall_seconds << ", \"mib\": " << peak_mebibytes()
      << ", \"trace\": \"" << std::hex << about.trace << std::dec << "\"}\n";
}

}  // namespace shoal::simulate
