// Whether a GET or HEAD is answered with content: conditional requests (RFC 9110, section 13).
//
// Pure. The entity tags here are strong: they are hashes of all bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/http_date.hpp"

namespace shoal {

/// What tells one version of a representation from others.
struct validators {
  std::string etag;                   ///< with its quotes
  std::optional<http_time> modified;  ///< unknown: no date is sent, and dates of requests say nothing
};

/// The headers of a request; empty: it has none.
struct condition_headers {
  std::string_view if_match = {};
  std::string_view if_none_match = {};
  std::string_view if_modified_since = {};
  std::string_view if_unmodified_since = {};
  std::string_view if_range = {};
};

enum class precondition {
  holds,         ///< send what is asked for
  not_modified,  ///< 304: the client has it
  failed,        ///< 412
};
/// Evaluated in the order of 13.2.2.
precondition evaluate(const condition_headers& asked, const validators& here);
/// The Range header counts (13.1.5). Otherwise the whole is sent, for it is another version than the client has a part
/// of.
bool range_counts(std::string_view if_range, const validators& here);

}  // namespace shoal
