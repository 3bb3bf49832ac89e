#include "content/bencode.hpp"

#include <catch2/catch.hpp>
#include <limits>

using namespace shoal;

namespace {

bool accepts(std::string_view text) {
  return bencode::parse(as_bytes(text)).has_value();
}

std::string nested_lists(std::size_t depth) {
  return std::string(depth, 'l') + std::string(depth, 'e');
}

}  // namespace

TEST_CASE("bencode values are read") {
  const std::string text = "d1:ai-42e1:bl4:spami0ee1:cd0:0:ee";
  const auto parsed = bencode::parse(as_bytes(text));
  REQUIRE(parsed.has_value());
  CHECK(parsed->find("a")->integer() == -42);
  const auto& list = parsed->find("b", bencode::kind::list)->list();
  REQUIRE(list.size() == 2);
  CHECK(list[0].string() == "spam");
  CHECK(list[1].integer() == 0);
  CHECK(parsed->find("c")->find("")->string().empty());
  CHECK(as_text(parsed->find("b")->source()) == "l4:spami0ee");
  CHECK(as_text(parsed->source()) == text);
  CHECK(parsed->find("d") == nullptr);
  CHECK(parsed->find("a", bencode::kind::string) == nullptr);
  CHECK(list[0].find("a") == nullptr);
}

TEST_CASE("bencode that has another encoding of the same value is refused") {
  CHECK_FALSE(accepts("i01e"));
  CHECK_FALSE(accepts("i-0e"));
  CHECK_FALSE(accepts("i-01e"));
  CHECK_FALSE(accepts("i+1e"));
  CHECK_FALSE(accepts("i 1e"));
  CHECK_FALSE(accepts("01:a"));
  CHECK_FALSE(accepts("00:"));
  CHECK_FALSE(accepts("d1:bi1e1:ai2ee"));
  CHECK_FALSE(accepts("d1:ai1e1:ai2ee"));
  CHECK(accepts("i0e"));
  CHECK(accepts("0:"));
}

TEST_CASE("bencode that is cut off, garbled or goes on is refused") {
  for (const std::string_view text : {"",
                                      "i",
                                      "ie",
                                      "i-e",
                                      "i1",
                                      "5:abcd",
                                      "-1:a",
                                      "1a",
                                      "1",
                                      "l",
                                      "li1e",
                                      "d",
                                      "d1:a",
                                      "d1:ae",
                                      "di1e1:ae",
                                      "e",
                                      "x",
                                      "i1ei2e",
                                      "99999999999999999999:a",
                                      "i9223372036854775808e",
                                      "18446744073709551615:a"}) {
    CAPTURE(text);
    CHECK_FALSE(accepts(text));
  }
  CHECK(accepts("i9223372036854775807e"));
  CHECK(accepts("i-9223372036854775808e"));
}

TEST_CASE("the text of a failure names the byte") {
  CHECK(bencode::parse(as_bytes("d1:ai1exe")).error().text.find("byte 7") != std::string::npos);
}

TEST_CASE("nesting is bounded") {
  CHECK(accepts(nested_lists(bencode::depth_max)));
  CHECK_FALSE(accepts(nested_lists(bencode::depth_max + 1)));
  CHECK_FALSE(accepts(std::string(1'000'000, 'l')));
}

TEST_CASE("the number of values is bounded") {
  std::string text = "l";
  for (std::uint32_t i = 0; i < bencode::values_max; ++i) text += "0:";
  CHECK_FALSE(accepts(text + 'e'));
}

TEST_CASE("a prefix is parsed up to its end") {
  std::size_t consumed = 0;
  const auto parsed = bencode::parse_prefix(as_bytes("d1:ai1eerest"), consumed);
  REQUIRE(parsed.has_value());
  CHECK(consumed == 8);
}

TEST_CASE("the writer writes what the reader reads") {
  bencode::writer out;
  out.begin_dictionary().key("a").integer(-7).key("b").begin_list().string("x y").string("").end().end();
  CHECK(as_text(out.bytes()) == "d1:ai-7e1:bl3:x y0:ee");
  CHECK(accepts(as_text(out.bytes())));
}

TEST_CASE("skimming takes what sloppy programs write") {
  const std::string text = "d1:bi007e1:al1:xi-0ee1:bi8e01:cd1:zi1e1:yi2ee3:bigi99999999999999999999eand more";
  const auto read = bencode::skim(as_bytes(text + "e"));
  CHECK_FALSE(read.has_value());
  const std::string closed = text.substr(0, text.find("and more")) + "eand more";
  const auto skimmed = bencode::skim(as_bytes(closed));
  REQUIRE(skimmed.has_value());
  CHECK(skimmed->find("b")->integer() == 7);
  CHECK(skimmed->find("a")->is_list());
  CHECK(skimmed->find("a")->list().empty());
  CHECK(as_text(skimmed->find("a")->source()) == "l1:xi-0ee");
  CHECK(as_text(skimmed->find("c")->source()) == "d1:zi1e1:yi2ee");
  CHECK(skimmed->find("big")->integer() == std::numeric_limits<std::int64_t>::max());
  CHECK(bencode::skim(as_bytes("i-99999999999999999999e"))->integer() == std::numeric_limits<std::int64_t>::min());
  const auto list = bencode::skim(as_bytes("l1:al1:bee"));
  REQUIRE(list.has_value());
  REQUIRE(list->list().size() == 2);
  CHECK(list->list()[0].string() == "a");
}

TEST_CASE("skimming refuses what is cut off or no bencode") {
  for (const std::string_view text :
       {"", "d", "d1:a", "d1:ae", "di1ei2ee", "99999999999999999999:a", "d1:al1:xe", "x", "i1", "d1:a5:bcee"}) {
    CAPTURE(text);
    CHECK_FALSE(bencode::skim(as_bytes(text)).has_value());
  }
  CHECK_FALSE(bencode::skim(as_bytes(nested_lists(bencode::depth_max + 1))).has_value());
}
