// What each message of a peer costs the tracker, in nanoseconds of its thread: the prices of policy/message_budget.
//
// A price is about what the message takes on one core of 2020 that other programs use, too, rounded up. It includes
// what the kernel and cold caches take. What every honest peer says is free: what it has at the beginning, if that is
// little, and then a few messages a second. Pure.
#pragma once

#include <cstddef>

#include "directory/listening_rate.hpp"
#include "policy/message_budget.hpp"

namespace shoal::tracking_prices {

/// To wake up for a message, to decode a short one and to take it.
inline constexpr work_price message = 24'000;
/// To decode one byte of it, and to take what it says.
inline constexpr work_price byte = 20;
/// To list one row of what a peer offers or hashes, and to tell one session a KiB of that.
inline constexpr work_price row = 7'000;
inline constexpr work_price told_kib = 1'200;
/// To check a signature, and to tell the row again.
inline constexpr work_price signature = 270'000;
/// To tell a peer that a limit was reached.
inline constexpr work_price refusal = 25'000;
/// To tell one holder of the share that is watched.
inline constexpr work_price holder = 500;
/// To tell one row of the list that is asked for anew.
inline constexpr work_price listed = 1'700;

/// A message that lists something costs no more than this beside its bytes: however many are told, a peer is read
/// again before it takes the tracker for dead.
inline constexpr work_price message_max = 10'000'000;

/// Free of a session: progress of some downloads at a time.
inline constexpr listening_rate::rates free{16, 4, 4.0 * KiB, 1.0 * KiB};
/// A session that spends more than half of that has the rest from this part of its origin. So many sessions that always
/// say what is free cost little.
inline constexpr listening_rate::rates free_of_origin{64, 16, 16.0 * KiB, 4.0 * KiB};

}  // namespace shoal::tracking_prices
