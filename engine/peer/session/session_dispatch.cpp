// session: what each message of the peer (BEP 3, 6, 10 and 52) means for its listener, the turns and the uploads.

#include "core/overloaded.hpp"
#include "peer/session/session.hpp"

namespace shoal {

namespace {

// Haves that a peer may send before we know how many pieces there are.
constexpr std::size_t early_haves_max = 100'000;

}  // namespace

void session::handle(const wire::message& message) {
  const auto says_what_it_holds = [&](const auto& said) {
    early_holds_ = said;
    if (share_.info()) on_holds_changed();
  };
  std::visit(overloaded{
                 [&](const wire::choke&) {
                   choked_by_peer_ = true;
                   if (listener_) listener_->on_choke();
                 },
                 [&](const wire::unchoke&) {
                   choked_by_peer_ = false;
                   // BEP 10: a handshake that has not come before the peer serves us will not be waited for.
                   if (!ready_) on_ready();
                   if (listener_) listener_->on_unchoke();
                 },
                 [&](const wire::interested&) {
                   peer_interested_ = true;
                   turns_.on_interested(*this, true);
                 },
                 [&](const wire::not_interested&) {
                   peer_interested_ = false;
                   turns_.on_interested(*this, false);
                   close_if_both_complete();
                 },
                 [&](const wire::have& have) { on_have(have.piece); },
                 [&](const wire::bitfield& field) { says_what_it_holds(field); },
                 [&](const wire::have_all& all) { says_what_it_holds(all); },
                 [&](const wire::have_none& none) { says_what_it_holds(none); },
                 [&](const wire::request& request) { uploads_.on_request(request.range); },
                 [&](const wire::cancel& cancel) { uploads_.on_cancel(cancel.range); },
                 [&](const wire::reject& reject) {
                   if (listener_) listener_->on_reject(reject.range);
                 },
                 [&](const wire::hash_request& ask) { uploads_.on_hash_request(ask.range); },
                 [&](const wire::hashes& hashes) {
                   if (listener_) listener_->on_hashes(hashes.range, hashes.values);
                 },
                 [&](const wire::hash_reject& refused) {
                   if (listener_) listener_->on_hash_reject(refused.range);
                 },
                 [&](const wire::extended& extended) { handle_extended(extended); },
                 // What BEP 6 lets a peer propose is not needed: the queue knows better.
                 [](const wire::suggest&) {},
                 [](const wire::allowed_fast&) {},
                 [](const wire::keep_alive&) {},
                 [](const wire::unknown&) {},
             },
             message);
}

void session::on_have(piece_index piece) {
  if (!share_.info()) {
    if (early_haves_.size() < early_haves_max) early_haves_.push_back(piece);
  } else if (piece.value() >= holds_.size()) {
    close(end_reason::protocol, "have of a piece that does not exist");
  } else if (holds_.set(piece.value())) {
    if (listener_) listener_->on_have(piece);
    turns_.on_has(*this, piece);
    close_if_both_complete();
  }
}

}  // namespace shoal
