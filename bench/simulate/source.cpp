#include "simulate/source.hpp"

#include "simulate/random.hpp"

namespace shoal::simulate {

bool lie_about(std::uint64_t seed, node_index liar, piece_index piece, std::uint32_t block) {
  return mixed(mixed(seed, liar.value()), std::uint64_t{piece.value()} << 32 | block) % 2 == 0;
}

source::source(const source_plan& plan, std::uint64_t seed, const synthetic_share& content, network& net,
               node_index index)
    : plan_(plan), seed_(seed), content_(content), net_(net), index_(index), choking_(plan.treats == manner::chokes) {}

bool source::has(piece_index piece) const {
  return plan_.pieces.size() == 0 || plan_.pieces.test(piece.value());
}

bitmap source::pieces() const {
  if (plan_.pieces.size() != 0) return plan_.pieces;
  bitmap all(content_.shape().piece_count());
  all.set_all();
  return all;
}

bool source::corrupts(piece_index piece, std::uint32_t block) const {
  return plan_.treats == manner::lies && lie_about(seed_, index_, piece, block);
}

void source::on_begin() {
  if (wavers()) set_wavering();
}

void source::set_wavering() {
  wavers_at_ = net_.now() + plan_.waver_period;
  net_.set_timer(index_, timer::turns, wavers_at_);
}

void source::on_die() {
  for (const end_index end : ends_) net_.close(end);
  ends_.clear();
  asked_.clear();
}

void source::on_timer(timer) {
  // A timer that was set before an absence comes too early.
  if (net_.now() != wavers_at_) return;
  choking_ = !choking_;
  for (const end_index end : ends_) {
    net_.send(end, {choking_ ? message::kind::choke : message::kind::unchoke, {}});
  }
  if (choking_ && plan_.treats == manner::drops) drop_waiting();
  set_wavering();
}

void source::on_open(end_index end) {
  ends_.push_back(end);
  net_.greet(end, pieces());
  if (!choking_) net_.send(end, {message::kind::unchoke, {}});
}

void source::on_closed(end_index end) {
  std::erase(ends_, end);
  std::erase_if(asked_, [&](const request& one) { return one.end == end; });
}

void source::on_message(end_index end, const message& said) {
  switch (said.type) {
    case message::kind::request:
      on_request(end, said.range);
      break;
    case message::kind::cancel:
      withdraw(end, said.range);
      break;
    case message::kind::leaves_request: {
      const bool can = plan_.treats != manner::lies && has(said.range.piece);
      if (plan_.treats != manner::mute) {
        net_.send(end, {can ? message::kind::leaves : message::kind::leaves_refused, said.range});
      }
      break;
    }
    default:
      break;
  }
}

void source::on_request(end_index end, const byte_range& range) {
  if (plan_.treats == manner::mute) return;
  if (choking_ || plan_.treats == manner::rejects || !has(range.piece)) {
    net_.send(end, {message::kind::reject, range});
    return;
  }
  asked_.push_back({end, range});
  net_.serve(end, range);
}

void source::withdraw(end_index end, const byte_range& range) {
  if (!net_.withdraw(end, range)) return;
  std::erase(asked_, request{end, range});
  net_.send(end, {message::kind::reject, range});
}

void source::drop_waiting() {
  const std::vector<request> asked = asked_;
  for (const request& one : asked) withdraw(one.end, one.range);
}

void source::on_served(end_index end, const byte_range& range) {
  std::erase(asked_, request{end, range});
}

}  // namespace shoal::simulate
