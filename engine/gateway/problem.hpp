// An error as an answer over HTTP: problem details (RFC 9457). Pure; for api_service.
#pragma once

#include <string>
#include <string_view>

#include "core/error.hpp"
#include "gateway/http_exchange.hpp"

namespace shoal {

inline constexpr std::string_view problem_type = "application/problem+json";

/// Has the members of the RFC, and `class` and `remedy` as the control socket has them.
std::string problem_of(http_status status, const error& why);

}  // namespace shoal
