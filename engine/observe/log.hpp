// The process-wide log: spdlog to stderr, dated, as text or as one JSON object a line.
//
// Only layers with I/O log. A message is a short sentence in the present tense, followed by key=value pairs:
// log_info("session ends peer={} reason={}", ...). stdout belongs to READY lines and to what the user asked for.
#pragma once

#include <spdlog/spdlog.h>

#include <string_view>
#include <utility>

#include "core/error.hpp"

namespace shoal {

enum class log_format { text, json };

/// Writes one line, its end included. Any thread calls it, one at a time.
using log_writer = void (*)(std::string_view line);

/// errc::usage for an unknown level; the error names the level and those that exist.
result<void> check_log_level(std::string_view level);

/// Sets up the default logger, which writes to stderr or calls `write`. `level` is "trace", "debug", "info", "warn",
/// "error" or "off"; errc::usage for another word.
result<void> start_log(std::string_view level, log_format format, log_writer write = nullptr);

template <class... Args>
void log_debug(spdlog::format_string_t<Args...> format, Args&&... args) {
  spdlog::debug(format, std::forward<Args>(args)...);
}
template <class... Args>
void log_info(spdlog::format_string_t<Args...> format, Args&&... args) {
  spdlog::info(format, std::forward<Args>(args)...);
}
template <class... Args>
void log_warn(spdlog::format_string_t<Args...> format, Args&&... args) {
  spdlog::warn(format, std::forward<Args>(args)...);
}
template <class... Args>
void log_error(spdlog::format_string_t<Args...> format, Args&&... args) {
  spdlog::error(format, std::forward<Args>(args)...);
}

}  // namespace shoal
