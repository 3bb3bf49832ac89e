// Random events against a transfer, checked by a model that knows nothing but blocks.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "policy/transfer.hpp"
#include "unit/policy/support/fake_share.hpp"

using namespace shoal;
using namespace std::chrono_literals;

namespace {

class chaos {
 public:
  chaos(std::uint32_t piece_bytes, const std::vector<std::uint64_t>& sizes, std::uint32_t seed,
        const std::vector<std::uint32_t>& contents = {})
      : content_(fake::make_share(piece_bytes, sizes, contents)),
        shape_(content_.info->shape()),
        transfer_(content_.info, bitmap(shape_.piece_count()), seed),
        random_(seed),
        pieces_(shape_.piece_count()) {
    for (std::uint32_t i = 0; i < pieces_.size(); ++i) pieces_[i].blocks.resize(shape_.piece_blocks(piece_index{i}));
    if (seed % 2 == 0) transfer_.on_twins(equal_pieces(*content_.info));
  }

  /// At most `operations`, fewer if the download completes. Returns how many.
  std::uint32_t run(std::uint32_t operations) {
    std::uint32_t done = 0;
    for (; done < operations && !transfer_.complete(); ++done) {
      one_operation();
      transfer_.check_invariants();
      // Nothing is forgotten, so it finds nothing.
      REQUIRE(transfer_.audit(writes_.empty(), now_).empty());
    }
    return done;
  }

  /// Whatever happened before: one honest source completes the download.
  void finish() {
    while (!actors_.empty()) leave(0);
    transfer_.on_reading_resumed(now_);
    join(true);
    auto& last = actors_.front();
    bitmap all(shape_.piece_count());
    all.set_all();
    transfer_.on_bitmap(last.id, all, now_);
    transfer_.on_unchoke(last.id, now_);
    last.choked = false;
    for (int i = 0; !transfer_.complete(); ++i) {
      REQUIRE(i < 100000);
      ask(last);
      answer_queries();
      cancel(last);
      if (!last.asked.empty()) deliver(last, 0, ~0u);
      while (!writes_.empty()) write(false);
      transfer_.check_invariants();
    }
    bans();
    for (const auto& piece : pieces_) {
      for (const auto& block : piece.blocks) {
        REQUIRE(block.state == stored);
        REQUIRE_FALSE(block.wrong);
        REQUIRE((block.written == 1 || piece.failed || block.write_failed));
      }
    }
  }

  std::uint32_t verified() const { return transfer_.verified().count(); }

 private:
  enum state { missing, writing, stored };
  struct block {
    state state = missing;
    source_id sender;
    bool wrong = false;
    bool write_failed = false;
    std::uint32_t written = 0;
  };
  struct piece {
    std::vector<block> blocks;
    bool failed = false;     ///< once; its blocks may be written again
    bool proven = false;     ///< the leaves were given
    bool exclusive = false;  ///< which blocks are wanted is not modelled from then on
    bool disputed = false;
  };
  struct actor {
    source_id id;
    bool honest = true;
    bool fast = true;
    bool choked = true;
    bool banned = false;
    std::vector<byte_range> asked;
    std::vector<byte_range> lost;  ///< choked away, but an answer may be on its way
  };
  struct pending_write {
    source_id source;
    piece_index piece;
    std::uint32_t block;
    bool wrong;
  };

  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }
  bool chance(std::uint32_t percent) { return below(100) < percent; }

  void one_operation() {
    now_ += std::chrono::microseconds(below(2000));
    if (actors_.size() < 2 || (actors_.size() < 8 && chance(2))) return join(chance(75));
    const std::uint32_t index = below(static_cast<std::uint32_t>(actors_.size()));
    auto& actor = actors_[index];
    switch (below(100)) {
      case 0:
        return leave(index);
      case 1:
      case 2:
        return choke(actor);
      case 3:
      case 4:
      case 5:
        actor.choked = false;
        return transfer_.on_unchoke(actor.id, now_);
      case 6:
        return transfer_.on_have(actor.id, piece_index{below(shape_.piece_count() + 1)}, now_);
      case 7:
        now_ += std::chrono::milliseconds(below(1500));
        return transfer_.on_deadline(now_);
      case 8:
        if (chance(50)) transfer_.on_taken(actor.id, piece_index{below(shape_.piece_count() + 1)});
        if (chance(20)) transfer_.on_returned(actor.id, piece_index{below(shape_.piece_count() + 1)});
        return reject(actor);
      case 9:
        return chance(50) ? transfer_.on_reading_paused(now_) : transfer_.on_reading_resumed(now_);
      case 10:
        return late(actor);
      case 11:
        return nonsense(actor);
      case 12:
        return answer_queries();
      case 13:
        return write(true);
      default:
        break;
    }
    if (chance(25)) return ask(actor);
    if (chance(30)) return cancel(actor);
    if (chance(50)) return write(false);
    if (!actor.asked.empty()) deliver(actor, chance(70) ? 0 : below(count(actor.asked)), chance(85) ? ~0u : below(8));
  }

  static std::uint32_t count(const std::vector<byte_range>& ranges) {
    return static_cast<std::uint32_t>(ranges.size());
  }

  void join(bool honest) {
    actor made;
    const std::uint32_t sizes[] = {16 * KiB, 32 * KiB, 48 * KiB, 256 * KiB, 1 * MiB};
    made.id = transfer_.on_source(sizes[below(5)], 1 + below(60), std::chrono::milliseconds(below(200)), now_);
    made.honest = honest;
    made.fast = chance(60);
    const auto present = [this] {
      return std::ranges::any_of(actors_, [this](const actor& one) { return one.id == preferred_; });
    };
    if (chance(30) && !present()) {
      preferred_ = made.id;
      transfer_.on_preferred(made.id);
    }
    bitmap held(shape_.piece_count());
    const bool all = chance(40);
    for (std::uint32_t i = 0; i < held.size(); ++i) {
      if (all || chance(60)) held.set(i);
    }
    transfer_.on_bitmap(made.id, held, now_);
    if (chance(80)) {
      made.choked = false;
      transfer_.on_unchoke(made.id, now_);
    }
    if (!honest) liars_.insert(made.id);
    actors_.push_back(made);
  }

  void leave(std::uint32_t index) {
    transfer_.on_source_gone(actors_[index].id, now_);
    actors_.erase(actors_.begin() + index);
  }

  void choke(actor& actor) {
    actor.choked = true;
    transfer_.on_choke(actor.id, actor.fast, now_);
    if (actor.fast) return;
    actor.lost = actor.asked;
    actor.asked.clear();
  }

  void reject(actor& actor) {
    if (!actor.fast || actor.asked.empty()) return;
    const std::uint32_t i = below(count(actor.asked));
    transfer_.on_reject(actor.id, actor.asked[i], now_);
    actor.asked.erase(actor.asked.begin() + i);
  }

  void late(actor& actor) {
    if (actor.lost.empty()) return;
    // Answered legitimately or forgotten meanwhile, but never a reason to crash.
    const byte_range range = actor.lost.back();
    actor.lost.pop_back();
    if (transfer_.on_piece_begin(actor.id, range, now_)) receive(actor, range, ~0u);
  }

  void nonsense(actor& actor) {
    const byte_range range{piece_index{below(100)}, below(5) * 1000, below(3) * 1000};
    REQUIRE_FALSE(transfer_.on_piece_begin(actor.id, range, now_));
    REQUIRE(transfer_.on_blocks(actor.id, range, now_) == 0);
    transfer_.on_reject(actor.id, range, now_);
  }

  void ask(actor& actor) {
    while (const auto range = transfer_.next_request(actor.id, now_)) {
      REQUIRE_FALSE(actor.choked);
      REQUIRE_FALSE(actor.banned);
      REQUIRE(shape_.valid(*range));
      const auto& piece = pieces_[range->piece.value()];
      for (std::uint32_t at = 0; at < range->bytes && !piece.exclusive; at += block_bytes) {
        REQUIRE(piece.blocks[(range->begin + at) / block_bytes].state == missing);
      }
      actor.asked.push_back(*range);
    }
  }

  void cancel(actor& actor) {
    while (const auto range = transfer_.next_cancel(actor.id)) {
      // It may cross an answer, so what is not here any more was answered.
      const auto found = std::find(actor.asked.begin(), actor.asked.end(), *range);
      if (found == actor.asked.end() || chance(20)) continue;
      if (actor.fast) transfer_.on_reject(actor.id, *range, now_);
      actor.asked.erase(found);
    }
  }

  /// Answers one request, up to `blocks` of it before the session breaks.
  void deliver(actor& actor, std::uint32_t index, std::uint32_t blocks) {
    const byte_range range = actor.asked[index];
    actor.asked.erase(actor.asked.begin() + index);
    REQUIRE(transfer_.on_piece_begin(actor.id, range, now_));
    receive(actor, range, blocks);
  }

  void receive(actor& actor, const byte_range& range, std::uint32_t blocks) {
    std::uint32_t done = 0;
    while (done < range.bytes) {
      if (blocks == 0) {
        const auto self =
            std::find_if(actors_.begin(), actors_.end(), [&](const auto& one) { return one.id == actor.id; });
        return leave(static_cast<std::uint32_t>(self - actors_.begin()));
      }
      const std::uint32_t step = std::min({range.bytes - done, (1 + below(16)) * block_bytes});
      const byte_range part{range.piece, range.begin + done, step};
      transfer_.on_bytes(actor.id, step, now_);
      accept(actor, part, transfer_.on_blocks(actor.id, part, now_));
      done += step;
      if (blocks != ~0u) --blocks;
    }
    transfer_.on_piece_end(actor.id, range, now_);
  }

  void accept(actor& actor, const byte_range& part, block_mask wanted) {
    auto& piece = pieces_[part.piece.value()];
    for (std::uint32_t i = 0; i * block_bytes < part.bytes; ++i) {
      const std::uint32_t index = part.begin / block_bytes + i;
      auto& block = piece.blocks[index];
      const bool is_wanted = (wanted >> i & 1) != 0;
      if (is_wanted) {
        REQUIRE_FALSE(transfer_.verified().test(part.piece.value()));
        REQUIRE(block.state != writing);
        REQUIRE((block.state == missing || piece.exclusive));
        REQUIRE_FALSE(actor.banned);
        block.state = writing;
        block.sender = actor.id;
        writes_.push_back({actor.id, part.piece, index, !actor.honest && chance(50)});
      } else if (!piece.exclusive && !actor.banned) {
        REQUIRE(block.state != missing);
      }
    }
  }

  void write(bool fails) {
    if (writes_.empty()) return;
    const std::uint32_t i = below(static_cast<std::uint32_t>(writes_.size()));
    const pending_write done = writes_[i];
    writes_.erase(writes_.begin() + i);
    auto& piece = pieces_[done.piece.value()];
    auto& block = piece.blocks[done.block];
    REQUIRE(block.state == writing);
    if (fails) {
      block.state = missing;
      block.write_failed = true;
      return transfer_.on_store_failed(done.piece, done.block, 1, now_);
    }
    block.state = stored;
    block.wrong = done.wrong;
    ++block.written;
    if (done.wrong) proven_liars_.insert(done.source);
    const digest right = content_.leaves[done.piece.value()][done.block];
    const digest leaf = done.wrong ? fake::wrong_leaf(right) : right;
    const auto result = transfer_.on_stored(done.source, done.piece, done.block, std::span(&leaf, 1), now_);
    judge(done.piece, piece, block, result);
    bans();
  }

  void judge(piece_index index, piece& piece, block& block, transfer::check result) {
    const bool all_stored = std::ranges::all_of(piece.blocks, [](const auto& one) { return one.state == stored; });
    const bool all_right = std::ranges::none_of(piece.blocks, [](const auto& one) { return one.wrong; });
    if (result == transfer::check::verified) {
      REQUIRE(all_stored);
      REQUIRE(all_right);
      REQUIRE(transfer_.verified().test(index.value()));
      twins_of(index);
      return;
    }
    if (result == transfer::check::partial) {
      REQUIRE((piece.exclusive || !all_stored));
      return;
    }
    piece.failed = true;
    if (piece.proven && !piece.exclusive) {
      REQUIRE(block.wrong);
      block.state = missing;
      return;
    }
    REQUIRE((all_stored && !all_right));
    std::set<source_id> senders;
    for (const auto& one : piece.blocks) senders.insert(one.sender);
    piece.disputed = senders.size() > 1;
    if (piece.disputed) return;
    for (auto& one : piece.blocks) one.state = missing;
  }

  /// The preferred source, if there is one, can copy them from now on.
  void twins_of(piece_index verified) {
    if (chance(50)) return twins_later_.push_back(verified);
    for (const piece_index twin : transfer_.take_twins(verified)) {
      REQUIRE_FALSE(transfer_.verified().test(twin.value()));
      REQUIRE(content_.info->piece_hash(twin) == content_.info->piece_hash(verified));
      for (const actor& one : actors_) {
        if (one.id == preferred_ && chance(90)) transfer_.on_have(one.id, twin, now_);
      }
    }
  }

  void answer_queries() {
    for (const piece_index verified : std::exchange(twins_later_, {})) twins_of(verified);
    while (const auto query = transfer_.next_leaf_query(now_)) {
      auto& piece = pieces_[query->piece.value()];
      REQUIRE(piece.disputed);
      if (chance(50)) {
        piece.disputed = false;
        piece.proven = true;
        for (auto& block : piece.blocks) {
          if (block.wrong) block.state = missing;
        }
        transfer_.on_leaves(query->piece, content_.leaves[query->piece.value()], now_);
      } else {
        transfer_.on_leaves_refused(query->piece, query->source, now_);
      }
      bans();
    }
    for (auto& piece : pieces_) {
      if (!std::exchange(piece.disputed, false)) continue;
      piece.exclusive = true;
      for (auto& block : piece.blocks) block.state = missing;
    }
  }

  void bans() {
    while (const auto banned = transfer_.next_ban()) {
      REQUIRE(proven_liars_.count(*banned) == 1);
      REQUIRE(liars_.count(*banned) == 1);
      for (auto& actor : actors_) {
        if (actor.id == *banned) actor.banned = true;
      }
    }
  }

  fake::share content_;
  const geometry& shape_;
  transfer transfer_;
  std::mt19937 random_;
  time_point now_{1s};
  std::vector<piece> pieces_;
  std::vector<actor> actors_;
  std::vector<pending_write> writes_;
  std::vector<piece_index> twins_later_;
  std::set<source_id> liars_;
  std::optional<source_id> preferred_;
  std::set<source_id> proven_liars_;
};

}  // namespace

TEST_CASE("whatever happens, no block is forgotten, taken twice or blamed on an honest source") {
  std::uint32_t operations = 0;
  std::uint32_t verified = 0;
  for (std::uint32_t seed = 1; operations < 240'000; ++seed) {
    CAPTURE(seed);
    chaos small(64 * KiB, {1500 * KiB, 3, 64 * KiB, 130 * KiB}, seed);
    operations += small.run(2000);
    verified += small.verified();
    small.finish();
    chaos large(2 * MiB, {15 * MiB + 5, 2 * MiB}, seed);
    operations += large.run(2000);
    verified += large.verified();
    large.finish();
    chaos equal(64 * KiB, {200 * KiB, 30 * KiB, 200 * KiB, 140 * KiB, 30 * KiB, 200 * KiB, 7}, seed,
                {0, 1, 0, 0, 1, 2, 3});
    operations += equal.run(2000);
    verified += equal.verified();
    equal.finish();
    chaos chunks(2 * MiB, {7 * MiB, 7 * MiB, 2 * MiB, 7 * MiB}, seed, {0, 0, 0, 0});
    operations += chunks.run(2000);
    verified += chunks.verified();
    chunks.finish();
  }
  CHECK(verified > 1000);
}
