// session: what each message of the peer (BEP 3, 6, 10 and 52) means for its listener, the turns and the uploads.

#include <utility>

#include "core/overloaded.hpp"
#include "peer/session/session.hpp"
#include "policy/message_prices.hpp"

namespace shoal {

void session::handle(const wire::message& message) {
  std::visit(overloaded{
                 [&](const wire::choke&) {
                   charge(prices::turn);
                   remote_.on_choking(true);
                   if (listener_) listener_->on_choke();
                 },
                 [&](const wire::unchoke&) {
                   charge(prices::turn);
                   remote_.on_choking(false);
                   // BEP 10: a handshake that has not come before the peer serves us will not be waited for.
                   if (!remote_.ready()) on_ready();
                   if (listener_) listener_->on_unchoke();
                 },
                 [&](const wire::interested&) {
                   charge(prices::turn);
                   if (remote_.interested()) return;
                   remote_.on_interested(true);
                   turns_.on_interested(*this, true);
                 },
                 [&](const wire::not_interested&) {
                   charge(prices::turn);
                   if (!remote_.interested()) return close_if_both_complete();
                   remote_.on_interested(false);
                   turns_.on_interested(*this, false);
                   close_if_both_complete();
                 },
                 [&](const wire::have& have) { on_have(have.piece); },
                 [&](const wire::bitfield& field) { on_pieces(field); },
                 [&](const wire::have_all& all) { on_pieces(all); },
                 [&](const wire::have_none& none) { on_pieces(none); },
                 [&](const wire::request& request) {
                   last_read_ = 0;
                   uploads_.on_request(request.range);
                 },
                 [&](const wire::cancel& cancel) { uploads_.on_cancel(cancel.range); },
                 [&](const wire::reject& reject) {
                   charge(prices::refusal);
                   if (listener_) listener_->on_reject(reject.range);
                 },
                 [&](const wire::hash_request& ask) { uploads_.on_hash_request(ask.range); },
                 [&](const wire::hashes& hashes) {
                   charge(prices::answer_part);
                   if (listener_) listener_->on_hashes(hashes.range, hashes.values);
                 },
                 [&](const wire::hash_reject& refused) {
                   charge(prices::refusal);
                   if (listener_) listener_->on_hash_reject(refused.range);
                 },
                 [&](const wire::extended& extended) { handle_extended(extended); },
                 // What BEP 6 lets a peer propose is not needed: the queue knows better.
                 [&](const wire::suggest&) { charge(prices::any); },
                 [&](const wire::allowed_fast&) { charge(prices::any); },
                 [&](const wire::keep_alive&) { charge(prices::any); },
                 [&](const wire::unknown&) { charge(prices::any); },
             },
             message);
}

void session::on_pieces(remote_peer::pieces_said said) {
  // BEP 3: a bitfield comes first or not at all. BEP 6 says the same of have-all and have-none. To read it again would
  // cost work for each piece, for five bytes.
  if (std::exchange(said_pieces_, true)) return close(end_reason::protocol, "it said twice which pieces it has");
  const bool kept = remote_.on_pieces(std::move(said));
  if (share_.content().info()) return on_holds_changed();
  if (!kept) close(end_reason::no_memory, "too much memory is taken by what peers have of unknown shares");
}

void session::on_have(piece_index piece) {
  said_pieces_ = true;
  if (!share_.content().info()) {
    charge(prices::any);
    last_read_ = 0;
    if (remote_.on_early_have(piece)) return;
    return close(end_reason::no_memory, "too much memory is taken by what peers have of unknown shares");
  }
  const auto is_news = remote_.on_have(piece);
  if (!is_news) return close(end_reason::protocol, is_news.error().text);
  charge(*is_news ? prices::fresh_have : prices::stale_have);
  if (!*is_news) return;
  last_read_ = 0;
  if (listener_) listener_->on_have(piece);
  turns_.on_has(*this, piece);
  close_if_both_complete();
}

}  // namespace shoal
