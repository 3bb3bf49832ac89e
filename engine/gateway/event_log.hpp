// The last events of a peer, in the form of server-sent events (WHATWG HTML, section 9.2), for clients that come back.
//
// Events are numbered from 1. The id of an event names the run of the peer, too: after a restart nobody gets the events
// of another run. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace shoal {

/// Of all remembered events together.
inline constexpr std::size_t events_bytes_max = 2 * 1024 * 1024;

class event_log {
 public:
  /// `run` is a word.
  explicit event_log(std::string run) : run_(std::move(run)) {}

  /// `json` has no line break.
  void add(std::string_view type, std::string_view json);
  /// Forgets all events. Who saw the last one lacks what happens until the next.
  void clear();
  /// Of the last event; 0 before the first.
  std::uint64_t last() const { return last_; }
  struct batch {
    std::string text;        ///< as it is sent
    std::uint64_t last = 0;  ///< the last event of it
  };
  /// The events after this one, about `bytes_max` of them. Nothing: some of these are forgotten.
  std::optional<batch> events_after(std::uint64_t number, std::size_t bytes_max) const;
  /// The number in an id of this run. Nothing: it is none.
  std::optional<std::uint64_t> number_of(std::string_view id) const;
  /// What a client is sent that lacks forgotten events. It asks for everything again; its place is behind the last one.
  std::string reset() const;

 private:
  std::string text_of(std::uint64_t number, std::string_view type, std::string_view json) const;

  std::string run_;
  std::deque<std::string> events_;  ///< the last ones
  std::size_t bytes_ = 0;
  std::uint64_t last_ = 0;
  std::uint64_t forgotten_ = 0;  ///< the last one that is forgotten
};

}  // namespace shoal
