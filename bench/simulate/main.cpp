// Simulates a flash crowd and prints how close it came to the fluid bound.

#include <boost/lexical_cast.hpp>
#include <boost/program_options.hpp>
#include <chrono>
#include <iostream>
#include <sstream>
#include <string>

#include "simulate/report.hpp"
#include "simulate/swarm.hpp"

namespace {

using namespace shoal;
using namespace shoal::simulate;
namespace options = boost::program_options;

struct choices {
  scenario how;
  double mib = 64;
  std::uint32_t piece_kib = 0;
  double up_mbit = 40;
  double down_mbit = 160;
  double seeder_mbit = 0;
  std::string ups;
  std::string downs;
  double latency_ms = 1;
  double latency_spread_ms = 0;
  double start_spread_ms = 0;
  double trouble_s = 10;
  std::uint32_t quantum_kib = 16;
  std::uint32_t turn_kib = 1024;
  std::uint32_t unsent_kib = 0;
  bool json = false;
};

duration milliseconds(double count) {
  return std::chrono::duration_cast<duration>(std::chrono::duration<double, std::milli>(count));
}

/// An option that keeps the value it has unless it is given.
template <class Value>
auto* option(Value& place) {
  return options::value<Value>(&place)->default_value(place);
}

/// "80,20,5": Mbit/s.
std::vector<double> rates_of(const std::string& words) {
  std::vector<double> rates;
  std::istringstream in(words);
  for (std::string word; std::getline(in, word, ',');) {
    rates.push_back(bytes_per_second(boost::lexical_cast<double>(word)));
    if (!(rates.back() > 0)) throw boost::bad_lexical_cast();
  }
  return rates;
}

bool read(int count, char** words, choices& chosen) {
  scenario& how = chosen.how;
  options::options_description all("simulate: one seeder and a crowd that comes at once, in simulated time");
  auto add = all.add_options();
  add("help", "this");
  add("leechers", option(how.leechers), "how many come");
  add("seeders", option(how.seeders), "how many there are");
  add("mib", option(chosen.mib), "size of the share, MiB");
  add("piece-kib", option(chosen.piece_kib), "piece size; 0: as the product chooses");
  add("up-mbit", option(chosen.up_mbit), "uplink of each node");
  add("down-mbit", option(chosen.down_mbit), "downlink of each node");
  add("seeder-mbit", option(chosen.seeder_mbit), "uplink of each seeder; 0: as the others");
  add("ups", options::value(&chosen.ups), "uplinks of the leechers, as 80,20,5: in turn, and as many leechers");
  add("downs", options::value(&chosen.downs), "their downlinks");
  add("latency-ms", option(chosen.latency_ms), "one way");
  add("latency-spread-ms", option(chosen.latency_spread_ms), "up to this more, different for each pair");
  add("start-spread-ms", option(chosen.start_spread_ms), "leechers come within this time");
  add("seed", option(how.seed), "of all chance");
  add("slots", option(how.uplink_slots), "sessions that one uplink serves at the same time");
  add("quantum-kib", option(chosen.quantum_kib), "what one session sends before the next has its turn");
  add("turn-kib", option(chosen.turn_kib), "what a session sends before it gives its slot away");
  add("unsent-kib", option(chosen.unsent_kib),
      "that the kernel holds of each session: the next requests are taken before");
  add("message-bytes", option(how.message_bytes_more), "that each control message costs on the uplink, beyond its own");
  add("known", option(how.addresses_known), "addresses that a node knows at most");
  add("sources", option(how.limits.sources_max), "sessions beyond which a node dials no more");
  add("crowd", option(how.limits.crowd_max), "of them with nodes that do not hold everything");
  add("slow", option(how.slow_share), "share of the leechers with a slow uplink");
  add("slow-factor", option(how.slow_factor), "how slow");
  add("churn", option(how.churn_share), "share of the leechers that die, and are replaced by new ones");
  add("silent", option(how.silent_share), "share of the leechers that fall silent");
  add("trouble-s", option(chosen.trouble_s), "within which they do");
  add("liars", option(how.liars), "nodes more, that claim to have everything and corrupt it");
  add("json", options::bool_switch(&chosen.json), "one line for programs");
  options::variables_map given;
  options::store(options::parse_command_line(count, words, all), given);
  options::notify(given);
  if (given.contains("help")) std::cout << all;
  how.share_bytes = static_cast<std::uint64_t>(chosen.mib * static_cast<double>(MiB));
  how.piece_bytes = chosen.piece_kib * KiB;
  how.uplink = bytes_per_second(chosen.up_mbit);
  how.downlink = bytes_per_second(chosen.down_mbit);
  how.seeder_uplink = bytes_per_second(chosen.seeder_mbit);
  how.uplinks = rates_of(chosen.ups);
  how.downlinks = rates_of(chosen.downs);
  if (!how.uplinks.empty() && given["leechers"].defaulted()) {
    how.leechers = static_cast<std::uint32_t>(how.uplinks.size());
  }
  how.latency = milliseconds(chosen.latency_ms);
  how.latency_spread = milliseconds(chosen.latency_spread_ms);
  how.start_spread = milliseconds(chosen.start_spread_ms);
  how.trouble_time = milliseconds(chosen.trouble_s * 1000);
  how.uplink_quantum = chosen.quantum_kib * KiB;
  how.uplink_turn_bytes = chosen.turn_kib * KiB;
  how.uplink_unsent_bytes = chosen.unsent_kib * KiB;
  return !given.contains("help");
}

}  // namespace

int main(int count, char** words) {
  choices chosen;
  try {
    if (!read(count, words, chosen)) return 0;
  } catch (const options::error& wrong) {
    std::cerr << "simulate: " << wrong.what() << '\n';
    return 2;
  } catch (const boost::bad_lexical_cast&) {
    std::cerr << "simulate: --ups and --downs take rates in Mbit/s, as 80,20,5\n";
    return 2;
  }
  const auto begin = std::chrono::steady_clock::now();
  observer nobody;
  swarm crowd(chosen.how, nobody);
  while (crowd.step()) {
  }
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const figures about = figures_of(crowd);
  if (chosen.json) {
    print_json(std::cout, about, wall);
  } else {
    print_text(std::cout, about, wall);
  }
  return about.complete ? 0 : 1;
}
