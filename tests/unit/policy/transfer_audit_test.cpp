#include <catch2/catch.hpp>

#include "policy/transfer_state.hpp"
#include "unit/policy/support/transfer_stage.hpp"

namespace shoal {

/// Breaks the books of a transfer as no event can.
class transfer_damage {
 public:
  explicit transfer_damage(transfer& which) : state_(*which.state_) {}

  /// The source does not know of its requests any more.
  void forget_requests(source_id id) { state_.at(id).requests = request_list(); }
  /// Its requests have no deadline.
  void forget_deadline(source_id id) { state_.at(id).owes_since.reset(); }

 private:
  transfer::state& state_;
};

}  // namespace shoal

using namespace shoal;
using fake::stage;

TEST_CASE("nothing is wrong in a transfer that goes on") {
  stage s(64 * KiB, {1 * MiB});
  const auto ann = s.join();
  CHECK(s.transfer.audit(true, s.now).empty());
  (void)s.ask(ann);
  CHECK(s.transfer.audit(true, s.now).empty());
}

TEST_CASE("what is expected of a source that was not asked is asked for again") {
  stage s(64 * KiB, {1 * MiB});
  const auto ann = s.join();
  REQUIRE_FALSE(s.ask(ann).empty());
  transfer_damage(s.transfer).forget_requests(ann);
  const auto wrong = s.transfer.audit(true, s.now);
  REQUIRE_FALSE(wrong.empty());
  CHECK(wrong.front().starts_with("blocks were expected of a source that was not asked source=0 chunk="));
  CHECK(s.transfer.work_freed());
  s.run({ann});
  CHECK(s.transfer.complete());
}

TEST_CASE("a request without a deadline gets one") {
  stage s(64 * KiB, {1 * MiB});
  const auto ann = s.join();
  REQUIRE_FALSE(s.ask(ann).empty());
  transfer_damage(s.transfer).forget_deadline(ann);
  CHECK(s.transfer.next_deadline() == never);
  CHECK(s.transfer.audit(true, s.now).size() == 1);
  CHECK(s.transfer.next_deadline() < s.now + std::chrono::minutes(1));
  CHECK(s.transfer.audit(true, s.now).empty());
}

TEST_CASE("a block that was never stored is fetched again, but not while it is being stored") {
  stage s(64 * KiB, {64 * KiB});
  const auto ann = s.join();
  const auto asked = s.ask(ann);
  REQUIRE(asked.size() == 1);
  REQUIRE(s.transfer.on_piece_begin(ann, asked.front(), s.now));
  REQUIRE(s.receive(ann, asked.front()) == 0b1111);
  s.transfer.on_piece_end(ann, asked.front(), s.now);
  CHECK(s.transfer.audit(false, s.now).empty());
  CHECK(s.transfer.audit(true, s.now).size() == 4);
  s.run({ann});
  CHECK(s.transfer.complete());
}
