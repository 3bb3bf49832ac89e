#include "peer/share/limit_text.hpp"

#include <catch2/catch.hpp>

#include "peer/share/last_holders.hpp"

namespace shoal {

namespace {

limit_facts facts(limiter what, std::size_t sources) {
  limit_facts about{.found = {.what = what, .rate = 2.4e6, .possible = 3e6, .limit = 3e6}};
  for (std::uint32_t i = 0; i < sources; ++i) {
    about.found.sources.emplace_back(i);
    about.from.push_back("10.0.0." + std::to_string(i + 2) + ":7000");
  }
  return about;
}

std::string text_of(const limit_facts& about) {
  return report_of(about).text;
}

bitmap pieces(std::initializer_list<std::uint32_t> numbers) {
  bitmap bits(100);
  for (const std::uint32_t number : numbers) bits.set(number);
  return bits;
}

}  // namespace

TEST_CASE("a limit is named with whose it is") {
  CHECK(text_of(facts(limiter::own_limit, 1)) == "the limit of this peer, 3.00 MB/s: 'limit' changes it");
  CHECK(text_of(facts(limiter::their_limit, 1)) == "the limit of 10.0.0.2:7000, 3.00 MB/s");
  CHECK(text_of(facts(limiter::their_limit, 2)) ==
        "the limits of 2 sources, 3.00 MB/s together: 10.0.0.2:7000, 10.0.0.3:7000");
}

TEST_CASE("links are named with who is behind them, and with who brings nothing") {
  CHECK(text_of(facts(limiter::downlink, 3)) ==
        "our downlink, or another link that all share: 3 sources bring 2.40 MB/s, and what one brings more another "
        "brings less");
  CHECK(text_of(facts(limiter::downlink, 1)) ==
        "our downlink: what this download gets more, others of this peer get less");
  auto one_host = facts(limiter::downlink, 2);
  one_host.from = {"10.0.0.2:1", "10.0.0.2:2"};
  CHECK(text_of(one_host) ==
        "the uplink of 10.0.0.2, where all 2 sources are: what one brings more another brings less");
  CHECK(report_of(one_host).cause == "uplinks");
  auto many = facts(limiter::uplinks, 5);
  many.sources.choking = 2;
  many.sources.without = 1;
  CHECK(text_of(many) ==
        "the uplinks of 5 sources, which bring 2.40 MB/s together: 10.0.0.2:7000, 10.0.0.3:7000, 10.0.0.4:7000 and 2 "
        "more; 1 more has nothing that is missing here, 2 more serve others first");
  auto one = facts(limiter::uplinks, 1);
  one.found.only_guess = true;
  CHECK(text_of(one) ==
        "the uplink of 10.0.0.2:7000, the only source that brings something (or our downlink: too little is seen to "
        "tell)");
}

TEST_CASE("a disk holds a download up also when nothing comes from anybody; of links nothing is known then") {
  CHECK(report_of(facts(limiter::disk, 0)).cause == "disk");
  for (const limiter link : {limiter::their_limit, limiter::downlink, limiter::uplinks}) {
    CHECK(report_of(facts(link, 0)).cause == "unknown");
  }
}

TEST_CASE("a processor that others have is told from one that has much to do") {
  auto about = facts(limiter::processor, 1);
  CHECK(text_of(about) == "the processor of this machine: this program has work for it all the time");
  about.found.waits = 0.6;
  CHECK(text_of(about) ==
        "the processor of this machine: this program waits for it 60 % of the time, because others have it or a limit "
        "holds this program back");
}

TEST_CASE("pieces that nobody has are named with who had them last") {
  lacking_pieces lack{.pieces = pieces({3, 5, 6, 7}), .bytes = 1'500'000, .files = {"a.bin"}};
  CHECK(lacking_text(lack) ==
        "nobody who is connected has 4 pieces (3, 5-7; 1.50 MB of a.bin), and nobody who was connected had them");
  lack.last_holder = "10.0.0.2:7000";
  lack.gone_for = std::chrono::seconds(12);
  CHECK(
      lacking_text(lack) ==
      "nobody who is connected has 4 pieces (3, 5-7; 1.50 MB of a.bin); 10.0.0.2:7000 had some of them last, and left "
      "12 s ago");
}

TEST_CASE("of many pieces and files only some are named") {
  bitmap odd(100);
  for (std::uint32_t i = 1; i < 100; i += 2) odd.set(i);
  const lacking_pieces lack{.pieces = odd, .bytes = 1000, .files = {"a", "b", "c"}, .more_files = 7};
  CHECK(lacking_text(lack) ==
        "nobody who is connected has 50 pieces (1, 3, 5, 7, 9, 11, 13, 15, ...; 1.00 kB of a, b, c and 7 more), and "
        "nobody who was connected had them");
}

TEST_CASE("the last one of several holders is named, and few are remembered") {
  last_holders gone;
  bitmap all(4);
  all.set_all();
  bitmap first(4);
  first.set(0);
  bitmap second(4);
  second.set(1);
  const time_point now{std::chrono::seconds(1)};
  CHECK(gone.of(first) == nullptr);
  gone.on_gone("a", all, now);
  gone.on_gone("b", first, now);
  CHECK(gone.of(first)->address == "b");
  CHECK(gone.of(second)->address == "a");
  for (std::size_t i = 0; i < last_holders::holders_max; ++i) gone.on_gone(std::to_string(i), first, now);
  CHECK(gone.of(second) == nullptr);
  // Who held nothing takes no place.
  gone.on_gone("nothing", bitmap(4), now);
  CHECK(gone.of(first)->address == "7");
}

}  // namespace shoal
