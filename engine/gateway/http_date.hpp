// Dates of HTTP (RFC 9110, section 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT". Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace shoal {

/// Whole seconds since 1970, UTC: HTTP knows no finer time.
using http_time = std::chrono::sys_seconds;

std::string http_date(http_time when);
/// In one of the three forms of the RFC. Nothing: it is no date.
std::optional<http_time> parse_http_date(std::string_view text);

}  // namespace shoal
