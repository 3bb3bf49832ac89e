// session: what each message of the peer (BEP 3, 6, 10 and 52) means for its listener, the turns and the uploads.

#include "core/overloaded.hpp"
#include "peer/session/session.hpp"

namespace shoal {

void session::handle(const wire::message& message) {
  const auto says_what_it_holds = [&](const auto& said) {
    remote_.on_pieces(said);
    if (share_.content().info()) on_holds_changed();
  };
  std::visit(overloaded{
                 [&](const wire::choke&) {
                   remote_.on_choking(true);
                   if (listener_) listener_->on_choke();
                 },
                 [&](const wire::unchoke&) {
                   remote_.on_choking(false);
                   // BEP 10: a handshake that has not come before the peer serves us will not be waited for.
                   if (!remote_.ready()) on_ready();
                   if (listener_) listener_->on_unchoke();
                 },
                 [&](const wire::interested&) {
                   remote_.on_interested(true);
                   turns_.on_interested(*this, true);
                 },
                 [&](const wire::not_interested&) {
                   remote_.on_interested(false);
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
  if (!share_.content().info()) return remote_.on_early_have(piece);
  const auto is_news = remote_.on_have(piece);
  if (!is_news) return close(end_reason::protocol, is_news.error().text);
  if (!*is_news) return;
  if (listener_) listener_->on_have(piece);
  turns_.on_has(*this, piece);
  close_if_both_complete();
}

}  // namespace shoal
