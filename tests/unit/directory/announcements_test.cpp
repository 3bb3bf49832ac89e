#include "directory/announcements.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>

#include "directory/backoff.hpp"

using namespace shoal;

namespace {

const time_point start{std::chrono::hours(1)};

share_id share(std::uint8_t n) {
  share_id id;
  id.bytes[31] = n;
  return id;
}
tracking::share_offer offer(std::uint8_t n, std::uint64_t have) {
  tracking::share_offer one;
  one.id = share(n);
  one.name = "share" + std::to_string(n);
  one.bytes = 1000;
  one.files = 1;
  one.have = have;
  return one;
}

// What a tracker knows that hears every message.
struct listener_model {
  std::map<share_id, std::uint64_t> offers;
  std::set<share_id> watches;

  void hear(const tracking::peer_message& message) {
    if (const auto* publish = std::get_if<tracking::publish>(&message)) {
      for (const auto& one : publish->shares) offers[one.id] = one.have;
    } else if (const auto* withdraw = std::get_if<tracking::withdraw>(&message)) {
      for (const auto& id : withdraw->ids) offers.erase(id);
    } else if (const auto* progress = std::get_if<tracking::progress>(&message)) {
      offers.at(progress->id) = progress->have;
    } else if (const auto* watch = std::get_if<tracking::watch>(&message)) {
      watches.insert(watch->id);
    } else {
      watches.erase(std::get<tracking::unwatch>(message).id);
    }
  }
};

}  // namespace

TEST_CASE("offers are said in short messages, so that signs of life go out between them", "[announcements]") {
  announcements subject;
  tracking::share_offer one = offer(0, 0);
  one.name = std::string(tracking::name_bytes_max, '"');
  for (unsigned n = 0; n < 2500; ++n) {
    one.id.bytes[0] = static_cast<std::uint8_t>(n >> 8);
    one.id.bytes[1] = static_cast<std::uint8_t>(n);
    one.bytes = std::uint64_t{1} << 40;
    REQUIRE(subject.on_publish(one).has_value());
  }
  std::size_t rows = 0;
  int messages = 0;
  while (const auto message = subject.next_message(start)) {
    const std::string text = tracking::encode(*message);
    CHECK(tracking::decode_peer_message(text).has_value());
    CHECK(text.size() < 128 * 1024);
    rows += std::get<tracking::publish>(*message).shares.size();
    ++messages;
  }
  CHECK(rows == 2500);
  CHECK(messages == 25);
  CHECK(subject.next_deadline() == never);
}

TEST_CASE("an offer that every tracker refuses is not taken", "[announcements]") {
  announcements subject;
  auto bad = offer(1, 0);
  bad.name = "two\nlines";
  const auto refused = subject.on_publish(bad);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == errc::malformed);
  CHECK(subject.offer_count() == 0);
  CHECK_FALSE(subject.next_message(start).has_value());
}

TEST_CASE("progress is said once a second, completion at once", "[announcements]") {
  announcements subject;
  REQUIRE(subject.on_publish(offer(1, 0)).has_value());
  REQUIRE(subject.next_message(start).has_value());
  subject.on_progress(share(1), 10);
  subject.on_progress(share(1), 20);
  CHECK_FALSE(subject.next_message(start + have_interval / 2).has_value());
  CHECK(subject.next_deadline() == start + have_interval);
  const auto said = subject.next_message(start + have_interval);
  REQUIRE(said.has_value());
  CHECK(std::get<tracking::progress>(*said) == tracking::progress{share(1), 20});
  CHECK_FALSE(subject.next_message(start + have_interval).has_value());

  subject.on_progress(share(1), 5000);
  const auto complete = subject.next_message(start + have_interval);
  REQUIRE(complete.has_value());
  CHECK(std::get<tracking::progress>(*complete).have == 1000);
  subject.on_progress(share(1), 1000);
  subject.on_progress(share(9), 1000);
  CHECK_FALSE(subject.next_message(start + std::chrono::hours(1)).has_value());
}

TEST_CASE("a new connection hears everything again", "[announcements]") {
  announcements subject;
  REQUIRE(subject.on_publish(offer(1, 0)).has_value());
  REQUIRE(subject.on_publish(offer(2, 0)).has_value());
  subject.on_watch(share(3));
  while (subject.next_message(start)) {
  }
  subject.on_progress(share(1), 700);
  subject.on_withdraw(share(2));
  subject.on_connected();
  listener_model model;
  while (const auto message = subject.next_message(start)) model.hear(*message);
  CHECK(model.offers == std::map<share_id, std::uint64_t>{{share(1), 700}});
  CHECK(model.watches == std::set<share_id>{share(3)});
}

TEST_CASE("what is heard adds up to what is wanted", "[announcements]") {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    announcements subject;
    listener_model wanted;
    listener_model heard;
    time_point now = start;
    for (int step = 0; step < 300; ++step) {
      const share_id id = share(static_cast<std::uint8_t>(random() % 5));
      switch (random() % 8) {
        case 0: {
          auto one = offer(id.bytes[31], random() % 1001);
          wanted.offers[id] = one.have;
          REQUIRE(subject.on_publish(one).has_value());
          break;
        }
        case 1:
          subject.on_withdraw(id);
          wanted.offers.erase(id);
          break;
        case 2:
        case 3: {
          const std::uint64_t have = random() % 1001;
          subject.on_progress(id, have);
          if (wanted.offers.contains(id)) wanted.offers[id] = have;
          break;
        }
        case 4:
          subject.on_watch(id);
          wanted.watches.insert(id);
          break;
        case 5:
          subject.on_unwatch(id);
          wanted.watches.erase(id);
          break;
        case 6:
          if (const auto message = subject.next_message(now)) heard.hear(*message);
          break;
        default:
          now += std::chrono::milliseconds(300);
          if (random() % 10 == 0) {
            heard = {};
            subject.on_connected();
          }
      }
      subject.check_invariants();
    }
    while (subject.next_deadline() != never) {
      now = std::max(now, subject.next_deadline());
      const auto message = subject.next_message(now);
      REQUIRE(message.has_value());
      heard.hear(*message);
    }
    CHECK(heard.offers == wanted.offers);
    CHECK(heard.watches == wanted.watches);
  }
}

TEST_CASE("delays grow to the longest, with jitter, and start again", "[backoff]") {
  backoff subject(7);
  CHECK(subject.next_delay() <= backoff::first);
  duration last{};
  for (int i = 0; i < 20; ++i) last = subject.next_delay();
  CHECK(last >= backoff::longest / 2);
  CHECK(last <= backoff::longest);
  subject.reset();
  CHECK(subject.next_delay() <= backoff::first);
  std::set<duration> distinct;
  for (std::uint64_t seed = 0; seed < 100; ++seed) distinct.insert(backoff(seed).next_delay());
  CHECK(distinct.size() > 90);
}

TEST_CASE("what is hashed is said after the offers, and again to a new tracker", "[announcements]") {
  announcements subject;
  subject.on_hashing({{"big", 10, 1}, {"bad\n", 10, 1}});
  CHECK(subject.next_deadline() == time_point::min());
  REQUIRE(subject.on_publish(offer(1, 1000)).has_value());
  CHECK(std::holds_alternative<tracking::publish>(subject.next_message(start).value()));
  const tracking::peer_message said = tracking::hashing{{{"big", 10, 1}}};
  CHECK(subject.next_message(start).value() == said);
  subject.on_hashing({{"big", 10, 1}});
  CHECK_FALSE(subject.next_message(start));
  subject.on_connected();
  CHECK(std::holds_alternative<tracking::publish>(subject.next_message(start).value()));
  CHECK(subject.next_message(start).value() == said);
  subject.on_hashing({});
  CHECK(subject.next_message(start).value() == tracking::peer_message{tracking::hashing{}});
  subject.on_connected();
  (void)subject.next_message(start);
  CHECK_FALSE(subject.next_message(start));
}

TEST_CASE("that sources are lacking is said of what is watched, once", "[announcements]") {
  announcements subject;
  const std::vector<peer_id> many(tracking::unreached_peers_max + 1);
  subject.on_unreached(share(1), many);
  CHECK(subject.next_deadline() == never);
  subject.on_watch(share(1));
  subject.on_unreached(share(1), {});
  subject.on_unreached(share(1), many);
  subject.check_invariants();
  CHECK(std::holds_alternative<tracking::watch>(subject.next_message(start).value()));
  const auto said = subject.next_message(start);
  REQUIRE(said);
  CHECK(std::get<tracking::unreached>(*said).peers.size() == tracking::unreached_peers_max);
  CHECK_FALSE(subject.next_message(start));
  subject.on_unreached(share(1), {});
  subject.on_connected();
  CHECK(std::holds_alternative<tracking::watch>(subject.next_message(start).value()));
  CHECK_FALSE(subject.next_message(start));
  subject.on_unreached(share(1), {});
  subject.on_unwatch(share(1));
  CHECK(std::holds_alternative<tracking::unwatch>(subject.next_message(start).value()));
  CHECK_FALSE(subject.next_message(start));
}
