#include "peer/share/limit_text.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "core/human_bytes.hpp"
#include "core/rate_text.hpp"
#include "peer/share/waiting_reason.hpp"

namespace shoal {

namespace {

// More is a number.
constexpr std::size_t names_max = 3;
constexpr std::size_t ranges_max = 8;
// So much waiting for a processor is worth a word.
constexpr double waits_often = 0.2;

std::string rate_of(double bytes_per_second) {
  return rate_text(static_cast<std::uint64_t>(bytes_per_second));
}

std::string joined(const std::vector<std::string>& names, std::size_t more = 0) {
  std::string text;
  const std::size_t named = std::min(names.size(), names_max);
  for (std::size_t i = 0; i < named; ++i) text += (i == 0 ? "" : ", ") + names[i];
  more += names.size() - named;
  return more == 0 ? text : text + " and " + std::to_string(more) + " more";
}

std::string source_count(std::size_t sources) {
  return std::to_string(sources) + (sources == 1 ? " source" : " sources");
}

std::string_view host_of(std::string_view address) {
  return address.substr(0, address.rfind(':'));
}

bool of_one_host(const std::vector<std::string>& addresses) {
  return std::ranges::all_of(addresses,
                             [&](const std::string& one) { return host_of(one) == host_of(addresses.front()); });
}

std::string own_limit_text(const limit_facts& about) {
  return std::string("the limit of ") + (about.limit_of_share ? "this share here" : "this peer") + ", " +
         rate_of(about.found.limit) + ": 'limit' changes it";
}

std::string their_limit_text(const limit_facts& about) {
  const std::string limit = rate_of(about.found.limit);
  if (about.from.size() == 1) return "the limit of " + about.from.front() + ", " + limit;
  return "the limits of " + source_count(about.from.size()) + ", " + limit + " together: " + joined(about.from);
}

std::string common_link_text(const limit_facts& about) {
  if (about.from.size() < 2) return "our downlink: what this download gets more, others of this peer get less";
  const std::string sources = source_count(about.from.size());
  const std::string evidence = "what one brings more another brings less";
  if (of_one_host(about.from)) {
    return "the uplink of " + std::string(host_of(about.from.front())) + ", where all " + sources + " are: " + evidence;
  }
  return "our downlink, or another link that all share: " + sources + " bring " + rate_of(about.found.rate) + ", and " +
         evidence;
}

std::string uplinks_text(const limit_facts& about) {
  const std::string guess = about.found.only_guess ? " (or our downlink: too little is seen to tell)" : "";
  if (about.from.size() == 1) {
    return "the uplink of " + about.from.front() + ", the only source that brings something" + guess;
  }
  return "the uplinks of " + source_count(about.from.size()) + ", which bring " + rate_of(about.found.rate) +
         " together: " + joined(about.from) + guess;
}

std::string piece_ranges(const bitmap& pieces) {
  std::string text;
  std::size_t ranges = 0;
  for (std::uint32_t i = pieces.next_set(0); i < pieces.size();) {
    std::uint32_t end = i + 1;
    while (end < pieces.size() && pieces.test(end)) ++end;
    if (ranges++ == ranges_max) return text + ", ...";
    if (!text.empty()) text += ", ";
    text += std::to_string(i);
    if (end > i + 1) text += "-" + std::to_string(end - 1);
    i = pieces.next_set(end);
  }
  return text;
}

std::string processor_text(const bottleneck::finding& found) {
  const std::string begin = "the processor of this machine: ";
  if (found.waits < waits_often) return begin + "this program has work for it all the time";
  return begin + "this program waits for it " + std::to_string(std::lround(found.waits * 100)) +
         " % of the time, because others have it or a limit holds this program back";
}

}  // namespace

limit_report report_of(const limit_facts& about) {
  bottleneck::finding found = about.found;
  // Of what sources bring nothing can be said once they have gone.
  const bool of_sources =
      found.what == limiter::their_limit || found.what == limiter::downlink || found.what == limiter::uplinks;
  if (of_sources && about.from.empty()) found.what = limiter::unknown;
  limit_report report{std::string(name_of(found.what)), {}, found.rate, found.possible};
  switch (found.what) {
    case limiter::unknown:
      report.text = "it has just begun: too little is measured yet";
      break;
    case limiter::nothing:
      report.text = "nothing arrives";
      break;
    case limiter::own_limit:
      report.text = own_limit_text(about);
      break;
    case limiter::their_limit:
      report.text = their_limit_text(about) + others_text(about.sources);
      break;
    case limiter::disk:
      report.text = "this disk: it is no faster, and what arrives waits for it";
      break;
    case limiter::hashing:
      report.text = "hashing: this machine's processor is no faster, and what arrives waits to be verified";
      break;
    case limiter::processor:
      report.text = processor_text(found);
      break;
    case limiter::downlink:
      report.text = common_link_text(about);
      if (about.from.size() > 1 && of_one_host(about.from)) report.cause = name_of(limiter::uplinks);
      break;
    case limiter::uplinks:
      report.text = uplinks_text(about) + others_text(about.sources);
      break;
  }
  return report;
}

std::string lacking_text(const lacking_pieces& about) {
  const std::uint32_t count = about.pieces.count();
  const std::string them = count == 1 ? "it" : "them";
  std::string text = "nobody who is connected has " + std::to_string(count) + (count == 1 ? " piece (" : " pieces (") +
                     piece_ranges(about.pieces) + "; " + human_bytes(about.bytes) + " of " +
                     joined(about.files, about.more_files) + ")";
  if (about.last_holder.empty()) return text + ", and nobody who was connected had " + them;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(about.gone_for).count();
  return text + "; " + about.last_holder + " had " + (count == 1 ? "it" : "some of them") + " last, and left " +
         std::to_string(seconds) + " s ago";
}

}  // namespace shoal
