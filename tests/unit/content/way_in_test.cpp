#include "content/way_in.hpp"

#include <catch2/catch.hpp>

using namespace shoal;

TEST_CASE("our trackers are told from others") {
  way_in way;
  for (const std::string_view url :
       {"ws://192.0.2.1:7000/live", "WS://t.example:7000/live", " ws://[2001:db8::1]:1/live ",
        "ws://192.0.2.1:7000/live", "wss://192.0.2.1:7000/live", "ws://192.0.2.1/live", "ws://192.0.2.1:7000/announce",
        "ws:///live", "ws://live", "/live", "", "http://t.example/announce"}) {
    add_tracker(way, url);
  }
  CHECK(way.trackers == std::vector<std::string>{"192.0.2.1:7000", "t.example:7000", "[2001:db8::1]:1"});
  CHECK(way.other_trackers.size() == 7);
  way_in again;
  add_tracker(again, tracker_url("[2001:db8::1]:1"));
  CHECK(again.trackers == std::vector<std::string>{"[2001:db8::1]:1"});
}

TEST_CASE("what is not used is said in one line") {
  way_in way;
  CHECK(unused_text(way).empty());
  way.trackers = {"a:1"};
  way.peers = {"b:1"};
  CHECK(unused_text(way).empty());
  way.other_trackers = {"udp://x"};
  CHECK(unused_text(way) == "not used yet: 1 tracker of another kind");
  way.other_trackers.emplace_back("udp://y");
  way.web_sources = {"http://z"};
  way.selects_files = true;
  CHECK(unused_text(way) == "not used yet: 2 trackers of another kind, 1 web source, the choice of files");
  way.other_trackers.assign(ways_max, "x");
  CHECK(unused_text(way).find("64 or more trackers") != std::string::npos);
}

TEST_CASE("the ways in of a torrent stand around its info dictionary") {
  const auto way = way_in_of_torrent(as_bytes(
      "d13:announce-listll8:udp://x124:ws://192.0.2.1:7000/liveel8:udp://x2ee8:announce8:udp://x18:url-list8:http://w"
      "9:httpseedsl8:http://he11:shoal.peersl4:a:806:b:nonei1eee"));
  CHECK(way.trackers == std::vector<std::string>{"192.0.2.1:7000"});
  CHECK(way.other_trackers == std::vector<std::string>{"udp://x1", "udp://x2"});
  CHECK(way.web_sources == std::vector<std::string>{"http://w", "http://h"});
  CHECK(way.peers == std::vector<std::string>{"a:80"});
}

TEST_CASE("ways in that make no sense are left out") {
  for (const std::string_view torrent : {"", "i1e", "le", "d8:announcei1ee", "d13:announce-listd1:a1:bee",
                                         "d13:announce-listllleeee", "d8:url-list0:e"}) {
    CAPTURE(torrent);
    const auto way = way_in_of_torrent(as_bytes(torrent));
    CHECK((way.trackers.empty() && way.other_trackers.empty() && way.web_sources.empty() && way.peers.empty()));
  }
  std::string many = "d13:announce-listl";
  for (int i = 0; i < 200; ++i) many += "3:" + std::to_string(100 + i);
  CHECK(way_in_of_torrent(as_bytes(many + "ee")).other_trackers.size() == ways_max);
}
