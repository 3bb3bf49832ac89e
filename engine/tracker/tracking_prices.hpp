// What each message of a peer costs the tracker, in nanoseconds of its thread: the prices of policy/message_budget.
//
// A price is about what the message takes on one core of 2020, rounded up. What every honest peer says is free: what it
// has at the beginning, if that is little, and then four messages a second. Pure.
#pragma once

#include <cstddef>

#include "directory/listening_rate.hpp"
#include "policy/message_budget.hpp"

namespace shoal::tracking_prices {

/// To wake up for a message, to decode a short one and to take it.
inline constexpr work_price message = 14'000;
/// To decode one byte of it, and to take what it says.
inline constexpr work_price byte = 12;
/// To list one row of what a peer offers or hashes, and to tell one session a KiB of that.
inline constexpr work_price row = 4'000;
inline constexpr work_price told_kib = 700;
/// To check a signature, and to tell the row again.
inline constexpr work_price signature = 150'000;
/// To tell a peer that a limit was reached.
inline constexpr work_price refusal = 15'000;
/// To tell one holder of the share that is watched.
inline constexpr work_price holder = 300;
/// To tell one row of the list that is asked for anew.
inline constexpr work_price listed = 1'000;

/// A message that lists something costs no more than this beside its bytes: however many are told, a peer is read
/// again before it takes the tracker for dead.
inline constexpr work_price message_max = 10'000'000;

/// Free of a session: progress of some downloads at a time.
inline constexpr listening_rate::rates free{16, 4, 4.0 * KiB, 1.0 * KiB};

}  // namespace shoal::tracking_prices
