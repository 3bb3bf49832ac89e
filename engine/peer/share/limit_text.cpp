#include "peer/share/limit_text.hpp"

#include <algorithm>
#include <string_view>

#include "core/human_bytes.hpp"
#include "core/rate_text.hpp"

namespace shoal {

namespace {

// More is a number.
constexpr std::size_t names_max = 3;
constexpr std::size_t ranges_max = 8;

std::string rate_of(double bytes_per_second) {
  return rate_text(static_cast<std::uint64_t>(bytes_per_second));
}

std::string joined(const std::vector<std::string>& names, std::size_t named_max) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), named_max); ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > named_max) text += " and " + std::to_string(names.size() - named_max) + " more";
  return text;
}

std::string source_count(std::size_t sources) {
  return std::to_string(sources) + (sources == 1 ? " source" : " sources");
}

// "; 2 more serve others first, 1 has nothing that is missing here"
std::string others(const explanation& of) {
  std::string text;
  const auto add = [&text](std::size_t count, std::string_view one, std::string_view several) {
    if (count == 0) return;
    text += (text.empty() ? "; " : ", ") + std::to_string(count) + " more " + std::string(count == 1 ? one : several);
  };
  add(of.choking, "serves others first", "serve others first");
  add(of.without, "has nothing that is missing here", "have nothing that is missing here");
  add(of.rejecting, "refuses what it is asked for", "refuse what they are asked for");
  add(of.silent, "does not answer", "do not answer");
  return text;
}

std::string piece_ranges(const std::vector<std::uint32_t>& pieces) {
  std::string text;
  std::size_t ranges = 0;
  for (std::size_t i = 0; i < pieces.size();) {
    std::size_t end = i + 1;
    while (end < pieces.size() && pieces[end] == pieces[end - 1] + 1) ++end;
    if (ranges++ == ranges_max) return text + ", ...";
    if (!text.empty()) text += ", ";
    text += std::to_string(pieces[i]);
    if (end > i + 1) text += "-" + std::to_string(pieces[end - 1]);
    i = end;
  }
  return text;
}

}  // namespace

std::string limit_text(const limit_facts& about) {
  const bottleneck::finding& found = about.found;
  const std::size_t count = found.sources.size();
  const std::string rate = rate_of(found.rate);
  switch (found.what) {
    case limiter::unknown:
      return "it has just begun: too little is measured yet";
    case limiter::nothing:
      return "nothing arrives";
    case limiter::own_limit:
      return std::string("the limit of ") + (about.limit_of_share ? "this share here" : "this peer") + ", " +
             rate_of(found.possible) + ": 'limit' changes it";
    case limiter::their_limit:
      if (count == 1) return "the limit of " + joined(about.from, names_max) + ", " + rate_of(found.possible);
      return "the limits of " + source_count(count) + ", " + rate_of(found.possible) +
             " together: " + joined(about.from, names_max) + others(about.sources);
    case limiter::disk:
      return "this disk: it is no faster, and what arrives waits for it";
    case limiter::hashing:
      return "hashing: this machine's processor is no faster, and what arrives waits to be verified";
    case limiter::processor:
      return "the processor of this machine, which is busy all the time";
    case limiter::downlink:
      return "our downlink: " + source_count(count) + " share " + rate +
             ", and what one brings more another brings less";
    case limiter::uplinks:
      break;
  }
  if (count > 1) {
    return "the uplinks of " + source_count(count) + ", which bring " + rate +
           " together: " + joined(about.from, names_max) +
           (found.only_guess ? " (or our downlink: that takes some seconds to tell)" : "") + others(about.sources);
  }
  std::string text = "the uplink of " + joined(about.from, names_max) + ", the only source that brings something";
  if (found.only_guess) text += " (or our downlink: one source alone does not tell)";
  return text + others(about.sources);
}

std::string lacking_text(const lacking_pieces& about) {
  const std::size_t count = about.pieces.size();
  std::string text = "nobody who is connected has " + std::to_string(count) + (count == 1 ? " piece (" : " pieces (") +
                     piece_ranges(about.pieces) + "; " + human_bytes(about.bytes) + " of " +
                     joined(about.files, names_max) + ")";
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(about.gone_for).count();
  if (about.last_holder.empty()) return text + ", and nobody who was connected had " + (count == 1 ? "it" : "them");
  return text + "; " + about.last_holder + " had " + (count == 1 ? "it" : "some of them") + " last, and left " +
         std::to_string(seconds) + " s ago";
}

}  // namespace shoal
