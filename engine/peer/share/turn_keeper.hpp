// Which peers a share serves, and when. Carries out what policy/serving decides, for all sessions of the share.
//
// While the share is complete it also knows which peer was given what. So a crowd gets every piece once before it gets
// one twice. Owned by share; on the network thread only. DESIGN: "A crowd".
#pragma once

#include <optional>
#include <unordered_map>

#include "content/geometry.hpp"
#include "net/event.hpp"
#include "peer/session/session.hpp"
#include "peer/session/session_owner.hpp"
#include "policy/serving.hpp"

namespace shoal {

class turn_keeper final : public session_turns {
 public:
  explicit turn_keeper(const asio::any_io_executor& executor) : changed_(executor) {}

  /// The shape of the share became known. The geometry outlives this.
  void on_shape(const geometry& shape) { serving_.emplace(shape); }
  /// Everything is here. Called after on_shape().
  void on_seeding();
  /// The session is about to be destroyed.
  void on_gone(session& from);
  /// Ends turns when their time is over, until stop().
  awaitable<void> run();
  void stop();

  void on_session(session& from) override;
  void on_interested(session& from, bool interested) override;
  void on_has(session& from, piece_index piece) override;
  void on_holds(session& from) override;
  [[nodiscard]] bool may_serve(session& to, const byte_range& range) override;
  std::uint64_t turn_bytes() const override { return serving_->turn_bytes(); }
  void on_sent(session& to, std::uint32_t bytes) override;
  void on_refused(session& to, std::span<const byte_range> ranges) override;

 private:
  std::optional<leecher_id> leecher_of(const session& one) const;
  /// Carries out what serving decided.
  void follow_orders();

  std::optional<serving> serving_;
  std::unordered_map<leecher_id, session*> by_leecher_;
  std::unordered_map<const session*, leecher_id> leechers_;
  time_point due_ = never;
  event changed_;
  bool stopped_ = false;
};

}  // namespace shoal
