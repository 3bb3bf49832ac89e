// What a peer tells one tracker: the shares that it offers, hashes and watches, and which of these it has not told yet.
//
// Holds the wanted state itself. So everything can be told again to a tracker that forgot. A change that comes twice
// before it is sent is sent once. So a tracker that does not read costs no memory. Pure; owned by tracker_client.
#pragma once

#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/error.hpp"
#include "core/ids.hpp"
#include "core/time.hpp"
#include "directory/tracking.hpp"

namespace shoal {

/// Least time between two progress messages of one share. A message that says "complete" does not wait.
inline constexpr duration have_interval = std::chrono::seconds(1);

class announcements {
 public:
  /// Offers a share, or changes the offer. errc::malformed for an offer that every tracker refuses, such as a name with
  /// control characters. Such a share is not offered.
  result<void> on_publish(tracking::share_offer offer);
  void on_withdraw(const share_id& id);
  /// The verified bytes of a share. Ignored for a share that is not offered.
  void on_progress(const share_id& id, std::uint64_t have);
  /// All that the peer hashes now. Rows that every tracker refuses are left out.
  void on_hashing(std::vector<tracking::hashing_row> rows);
  void on_watch(const share_id& id);
  void on_unwatch(const share_id& id);
  /// This peer could not connect to these holders of a watched share (tracking::unreached). What is not sent before the
  /// next connection is forgotten.
  void on_unreached(const share_id& id, std::vector<peer_id> peers);
  /// Asks for a page of peers. What is not sent before the next connection is forgotten.
  void on_list_peers(tracking::list_peers wanted) { unsaid_page_ = wanted; }
  /// A new connection: everything must be told again.
  void on_connected();

  /// The next message to send. Nothing if all is told, or not due yet. At most peer_message_bytes_max long.
  std::optional<tracking::peer_message> next_message(time_point now);
  /// When next_message() has something. A past time means now; `never` if all is told.
  time_point next_deadline() const;

  std::size_t offer_count() const { return offers_.size(); }
  bool is_watched(const share_id& id) const { return watches_.contains(id); }
  std::size_t watch_count() const { return watches_.size(); }
  void check_invariants() const;

 private:
  struct offer_state {
    tracking::share_offer offer;
    time_point progress_at = time_point::min();  ///< when its next progress may be said
  };

  std::unordered_map<share_id, offer_state> offers_;
  std::unordered_set<share_id> watches_;
  std::unordered_map<share_id, std::vector<peer_id>> unsaid_unreached_;  ///< of watched shares
  std::vector<tracking::hashing_row> hashing_;
  bool unsaid_hashing_ = false;
  std::optional<tracking::list_peers> unsaid_page_;
  std::unordered_set<share_id> unsaid_offers_;
  std::unordered_set<share_id> unsaid_withdrawals_;
  std::unordered_set<share_id> unsaid_progress_;  ///< disjoint from unsaid_offers_
  std::unordered_set<share_id> unsaid_watches_;
  std::unordered_set<share_id> unsaid_unwatches_;
};

}  // namespace shoal
