// session: what goes through BEP 10: its handshake, metadata (BEP 9), file attributes and hints.

#include "peer/session/session.hpp"
#include "policy/message_prices.hpp"

namespace shoal {

namespace {

constexpr std::string_view client_name = "shoal/" SHOAL_VERSION;
/// Signatures of the share that one peer may have checked: it learns of a better one once or twice.
constexpr std::uint32_t publications_max = 4;

}  // namespace

void session::say_extensions() {
  if (!remote_.extension_protocol()) return;
  const metainfo_ptr& info = share_.content().info();
  wire::extension_handshake hello;
  hello.ut_metadata = wire::ut_metadata_id;
  hello.shoal = wire::shoal_id;
  hello.shoal_files = wire::shoal_files_id;
  hello.metadata_bytes = info ? static_cast<std::uint32_t>(info->info().size()) : 0;
  hello.attributes_bytes = info ? static_cast<std::uint32_t>(info->attributes().size()) : 0;
  hello.request_bytes = wire::request_bytes_max;
  hello.requests_queued = wire::requests_queued_max;
  hello.listen_port = context_.listen_port;
  if (share_.published().is_signed()) hello.published = share_.published();
  hello.client = client_name;
  send(wire::extended{0, wire::encode(hello)});
}

void session::handle_extended(const wire::extended& message) {
  if (message.id == 0) {
    auto hello = wire::decode_extension_handshake(message.payload);
    const bool free = extensions_said_ < prices::handshakes_free;
    if (free) ++extensions_said_;
    if (!free) charge(prices::handshake + prices::bencoded_byte * static_cast<work_price>(message.payload.size()));
    // A handshake that does not parse is ignored, as others do: plain BEP 3 still works.
    const publication claim = hello ? hello->published : publication{};
    const bool is_news = hello && *hello != remote_.extensions();
    if (is_news) remote_.on_extensions(std::move(*hello));
    if (is_news && claim.of_signature != standing::none && publications_told_ < publications_max) {
      ++publications_told_;
      // What is known already needs no check.
      if (share_.published().signature != claim.signature) charge(prices::signature);
      share_.on_published(*this, claim);
    }
    if (!remote_.ready()) {
      on_ready();
    } else if (is_news && listener_ && !closed_) {
      listener_->on_ready();
    }
  } else if (message.id == wire::ut_metadata_id || message.id == wire::shoal_files_id) {
    const auto decoded = wire::decode_metadata_message(message.payload);
    const std::size_t read = message.payload.size() - (decoded ? decoded->data.size() : 0);
    const bool asks = decoded && decoded->type == wire::metadata_message::kind::request;
    const work_price part = asks ? prices::metadata_part : prices::answer_part;
    charge(part + prices::bencoded_byte * static_cast<work_price>(read));
    // BEP 9: unrecognised message types are ignored.
    if (decoded && message.id == wire::ut_metadata_id) handle_metadata(*decoded);
    if (decoded && message.id == wire::shoal_files_id) handle_attributes(*decoded);
  } else if (message.id == wire::shoal_id) {
    charge(prices::any + prices::entry * static_cast<work_price>(message.payload.size()));
    const auto hint = wire::decode_pieces_hint(message.payload);
    if (!hint) return close(end_reason::protocol, hint.error().text);
    if (hint->limited) remote_.on_limit(*hint->limited);
    if (listener_) listener_->on_hint(*hint);
    if (!hint->failed.empty() || !hint->withdrawn.empty()) charge(prices::handshake);
    // Of one peer, one piece waits to be checked.
    if (!hint->failed.empty()) share_.on_accused(*this, hint->failed.front());
    if (!hint->withdrawn.empty()) share_.on_withdrawn(*this, hint->withdrawn);
  }
}

void session::handle_metadata(const wire::metadata_message& message) {
  switch (message.type) {
    case wire::metadata_message::kind::request:
      uploads_.on_metadata_request(message.piece);
      break;
    case wire::metadata_message::kind::data:
      if (listener_) listener_->on_info_piece(message.piece, message.total_bytes, message.data);
      break;
    case wire::metadata_message::kind::reject:
      if (listener_) listener_->on_info_reject(message.piece);
      break;
  }
}

void session::handle_attributes(const wire::metadata_message& message) {
  switch (message.type) {
    case wire::metadata_message::kind::request:
      uploads_.on_attributes_request(message.piece);
      break;
    case wire::metadata_message::kind::data:
      if (listener_) listener_->on_attributes_part(message.piece, message.data);
      break;
    case wire::metadata_message::kind::reject:
      if (listener_) listener_->on_attributes_reject();
      break;
  }
}

}  // namespace shoal
