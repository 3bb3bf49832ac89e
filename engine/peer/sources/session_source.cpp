#include "peer/sources/session_source.hpp"

#include <utility>

namespace shoal {

namespace {

// Where nothing comes from anybody, a peer that owes something and is silent for so long is given up and dialled anew,
// even if something on the way acknowledges what it is sent.
constexpr duration mute_max = std::chrono::seconds(30);

}  // namespace

session_source::session_source(session& with, session_judge& judge, source_listener& listener)
    : session_(with), judge_(judge), listener_(listener) {
  session_.set_listener(*this);
}

source_limits session_source::limits() {
  const remote_peer& peer = session_.remote();
  return {peer.request_bytes_max(), peer.extensions().requests_queued, session_.path().distance()};
}

source_name session_source::name() const {
  return {source_name::kind::peer, session_.remote().id(), session_.address(), session_.remote().extensions().client};
}

void session_source::look_after(time_point now, bool starved) {
  if (session_.path_lost(now)) judge_.on_path_lost(session_);
  if (starved && session_.path().silent_for(now) >= mute_max)
    judge_.drop(session_, "it owes an answer and says nothing");
}

void session_source::request_part(std::optional<std::uint8_t> extension, std::uint32_t part) {
  if (!extension) return;
  wire::metadata_message ask;
  ask.piece = part;
  session_.send(wire::extended{*extension, wire::encode(ask)});
}

void session_source::request_info(std::uint32_t piece) {
  request_part(session_.remote().extensions().ut_metadata, piece);
}

void session_source::request_attributes(std::uint32_t part) {
  request_part(session_.remote().extensions().shoal_files, part);
}

void session_source::on_blocks(const byte_range& range, buffer_pool::buffer buffer) {
  listener_.on_blocks(*this, range, std::move(buffer));
}

void session_source::on_info_piece(std::uint32_t piece, std::uint32_t total_bytes, byte_view data) {
  listener_.on_info_piece(*this, piece, total_bytes, data);
}

void session_source::on_attributes_part(std::uint32_t part, byte_view data) {
  listener_.on_attributes_part(*this, part, data);
}

void session_source::on_hashes(const hash_range& range, std::span<const digest> hashes) {
  listener_.on_hashes(*this, range, hashes);
}

}  // namespace shoal
