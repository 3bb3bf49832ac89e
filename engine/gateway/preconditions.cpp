#include "gateway/preconditions.hpp"

namespace shoal {

namespace {

/// The list names the tag, or is "*". `weak`: a weak tag of the same text counts as well (RFC 9110, 8.8.3.2).
bool names(std::string_view list, std::string_view etag, bool weak) {
  std::size_t at = 0;
  while (at < list.size()) {
    const char one = list[at];
    if (one == ' ' || one == '\t' || one == ',') {
      ++at;
      continue;
    }
    if (one == '*') return true;
    const bool is_weak = list.substr(at).starts_with("W/");
    if (is_weak) at += 2;
    if (at >= list.size() || list[at] != '"') return false;
    const std::size_t end = list.find('"', at + 1);
    if (end == std::string_view::npos) return false;
    if ((weak || !is_weak) && list.substr(at, end + 1 - at) == etag) return true;
    at = end + 1;
  }
  return false;
}

/// It changed after the date of the header. Nothing: nobody can tell.
std::optional<bool> changed_since(std::string_view date, const validators& here) {
  const auto then = parse_http_date(date);
  if (!then || !here.modified) return std::nullopt;
  return *here.modified > *then;
}

}  // namespace

precondition evaluate(const condition_headers& asked, const validators& here) {
  if (!asked.if_match.empty()) {
    if (!names(asked.if_match, here.etag, false)) return precondition::failed;
  } else if (!asked.if_unmodified_since.empty()) {
    if (changed_since(asked.if_unmodified_since, here).value_or(false)) return precondition::failed;
  }
  if (!asked.if_none_match.empty()) {
    if (names(asked.if_none_match, here.etag, true)) return precondition::not_modified;
  } else if (!asked.if_modified_since.empty()) {
    if (!changed_since(asked.if_modified_since, here).value_or(true)) return precondition::not_modified;
  }
  return precondition::holds;
}

bool range_counts(std::string_view if_range, const validators& here) {
  if (if_range.empty()) return true;
  if (if_range.front() == '"') return if_range == here.etag;
  // A weak tag is no match here, and a date has to be the same.
  const auto then = parse_http_date(if_range);
  return then && here.modified && *here.modified == *then;
}

}  // namespace shoal
