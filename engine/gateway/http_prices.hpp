// What requests over HTTP cost, in nanoseconds of the network thread: prices of policy/message_budget. Pure.
//
// Content pays for its request. So what is dear are requests that are answered with little.
#pragma once

#include <algorithm>
#include <cstdint>

#include "policy/message_budget.hpp"

namespace shoal::prices {

/// To read a request, to find what it names, and to send the head of an answer.
inline constexpr work_price http_request = 60'000;
/// To find a listed share that is not here, and to begin its download.
inline constexpr work_price http_fetch = 2'000'000;
/// One row of a folder, or one entry of an archive.
inline constexpr work_price http_row = 2'000;
/// A share of this peer that is looked at to find what a name means.
inline constexpr work_price http_share = 1'000;
/// A share, peer or session that is looked at for a list.
inline constexpr work_price http_listed = 3'000;
/// A byte of a text that is made of rows, or of a map of pieces that a worker makes.
inline constexpr work_price http_text_byte = 10;
/// One part of an answer with several ranges: a worker looks at the file for each.
inline constexpr work_price http_part = 40'000;
/// A read of less than a small segment (net/stream).
inline constexpr work_price http_small_read = 10'000;
/// A wrong token: of one origin twenty a second.
inline constexpr work_price http_wrong_token = 1'000'000;
/// A small segment that woke the thread while nothing was read.
inline constexpr work_price http_unread_segment = 5'000;

/// What is left of a price when so many bytes of content pay for it.
constexpr work_price less_content(work_price price, std::uint64_t bytes) {
  return price - static_cast<work_price>(std::min<std::uint64_t>(bytes, static_cast<std::uint64_t>(price)));
}

}  // namespace shoal::prices
