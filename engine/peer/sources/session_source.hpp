// A session with a peer as a source of chunks. It tells the peer what the download wants, and tells the download what
// the peer says.
//
// Holds nothing of its own. Owned by share beside its session; on the network thread only.
#pragma once

#include "peer/session/session.hpp"
#include "peer/sources/source.hpp"

namespace shoal {

/// Can end a session for good, or for now.
class session_judge {
 public:
  /// Bans the peer. `damaged`: the piece of which the peer sent wrong data.
  virtual void ban(session& liar, std::optional<piece_index> damaged) = 0;
  /// Nothing comes from the peer any more. It may be dialled again.
  virtual void drop(session& lost, std::string_view why) = 0;
  /// See session_owner.
  virtual void on_path_lost(session& with) = 0;

 protected:
  ~session_judge() = default;
};

class session_source final : public source, private metadata_origin, private session_listener {
 public:
  /// All of these outlive it. Makes itself the session's listener.
  session_source(session& with, session_judge& judge, source_listener& listener);

  source_limits limits() override;
  source_name name() const override;
  const bitmap& holds() const override { return session_.remote().holds(); }
  bool choking() const override { return session_.remote().choking(); }
  bool answers_all() const override { return session_.remote().fast(); }
  std::uint64_t their_limit() const override { return session_.remote().limit(); }
  bool closed() const override { return session_.closed(); }
  metadata_origin* metadata() override { return this; }

  void set_interested(bool interested) override { session_.set_interested(interested); }
  void request(const byte_range& range) override { session_.send(wire::request{range}); }
  void cancel(const byte_range& range) override { session_.send(wire::cancel{range}); }
  void ban(std::optional<piece_index> damaged) override { judge_.ban(session_, damaged); }
  void look_after(time_point now, bool starved) override;

 private:
  std::uint32_t info_bytes() const override { return session_.remote().info_bytes(); }
  void request_info(std::uint32_t piece) override;
  std::uint32_t attributes_bytes() const override { return session_.remote().attributes_bytes(); }
  void request_attributes(std::uint32_t part) override;
  void request_hashes(const hash_range& range) override { session_.send(wire::hash_request{range}); }

  /// Asks for a part of what the extension carries (BEP 9), if the peer has it.
  void request_part(std::optional<std::uint8_t> extension, std::uint32_t part);

  void on_ready() override { listener_.on_source_ready(*this); }
  void on_holds() override { listener_.on_holds(*this); }
  void on_have(piece_index piece) override { listener_.on_have(*this, piece); }
  void on_hint(const wire::pieces_hint& hint) override { listener_.on_hint(*this, hint); }
  void on_choke() override { listener_.on_choke(*this); }
  void on_unchoke() override { listener_.on_unchoke(*this); }
  void on_reject(const byte_range& range) override { listener_.on_reject(*this, range); }
  bool on_piece_begin(const byte_range& range) override { return listener_.on_piece_begin(*this, range); }
  void on_bytes(std::uint32_t bytes) override { listener_.on_bytes(*this, bytes); }
  void on_limited() override { listener_.on_limited(*this); }
  void on_limit_passed() override { listener_.on_limit_passed(*this); }
  void on_blocks(const byte_range& range, buffer_pool::buffer buffer) override;
  void on_piece_end(const byte_range& range) override { listener_.on_piece_end(*this, range); }
  double rate() const override { return listener_.rate_of(*this); }
  void on_info_piece(std::uint32_t piece, std::uint32_t total_bytes, byte_view data) override;
  void on_info_reject(std::uint32_t piece) override { listener_.on_info_reject(*this, piece); }
  void on_attributes_part(std::uint32_t part, byte_view data) override;
  void on_attributes_reject() override { listener_.on_attributes_reject(*this); }
  void on_hashes(const hash_range& range, std::span<const digest> hashes) override;
  void on_hash_reject(const hash_range& range) override { listener_.on_hash_reject(*this, range); }

  session& session_;
  session_judge& judge_;
  source_listener& listener_;
};

}  // namespace shoal
