// Text for people: sizes, rates and times, and strings measured and cut by the columns they take on a
// terminal.
//
// Names come from other machines. Everything shown passes through displayable(), so no escape sequence reaches the
// terminal. Pure; used by tables, progress lines and the console.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/human_bytes.hpp"

namespace shoal {

/// "12.3 MB/s"; negative and non-finite rates count as 0.
std::string human_rate(double bytes_per_second);
/// "42 s", "3 min 20 s", "2 h 05 min", "3 d 04 h"; negative counts as 0.
std::string human_duration(std::int64_t seconds);
/// "0:42", "3:20", "2:05:09", "3 d 04 h": for places with few columns.
std::string clock_duration(std::int64_t seconds);
/// "2026-11-29 05:58" in the local time zone; empty for 0.
std::string human_date(double unix_seconds);
/// "1 file", "3 files": the plural is made with an s.
std::string human_count(std::uint64_t count, std::string_view noun);

/// The text with control characters, direction overrides and invalid UTF-8 replaced by U+FFFD.
std::string displayable(std::string_view text);
/// Columns that printable UTF-8 takes: 2 for wide characters, 0 for combining ones.
std::size_t display_width(std::string_view text);
/// At most `columns` columns. A final "…" marks that text was cut. Never cuts inside a character.
std::string cut_to_width(std::string_view text, std::size_t columns);
/// Filled with spaces up to `columns`; longer text stays as it is.
std::string pad_right(std::string text, std::size_t columns);
std::string pad_left(std::string text, std::size_t columns);

}  // namespace shoal
