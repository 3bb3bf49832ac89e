#include "cmd/quoting.hpp"

#include <catch2/catch.hpp>

#include "show_result.hpp"

using namespace shoal;
using words = std::vector<std::string>;

TEST_CASE("words are parted by blanks outside of quotes") {
  CHECK(*split_words("  add a  b\t") == words{"add", "a", "b"});
  CHECK(*split_words("") == words{});
  CHECK(*split_words("add 'my file' \"it's\"") == words{"add", "my file", "it's"});
  CHECK(*split_words("a\\ b c\\'d") == words{"a b", "c'd"});
  CHECK(*split_words("'' \"\"") == words{"", ""});
  CHECK(*split_words("x'y z'w") == words{"xy zw"});
  CHECK(*split_words(R"("a\"b\\c\d" 'e\f')") == words{R"(a"b\c\d)", R"(e\f)"});
}

TEST_CASE("a pasted link stands as it is") {
  CHECK(*split_words("down magnet:?xt=1&dn=it's x") == words{"down", "magnet:?xt=1&dn=it's", "x"});
  CHECK(*split_words(R"(down MAGNET:?dn="a\b" 'y z')") == words{"down", R"(MAGNET:?dn="a\b")", "y z"});
  CHECK(*split_words("down 'magnet:?dn=a b'") == words{"down", "magnet:?dn=a b"});
  CHECK(*split_words("'it''s' magnet'x'") == words{"its", "magnetx"});
}

TEST_CASE("what stands in quotes is no pattern and no home directory") {
  const auto found = split_shell_words("~/a*b '~/a*b' \\~x a\\*b \"?\"{c");
  REQUIRE(found);
  const auto& w = *found;
  REQUIRE(w.size() == 5);
  CHECK((w[0].home && w[0].is_pattern && w[0].pattern == "~/a*b"));
  CHECK((!w[1].home && !w[1].is_pattern && w[1].pattern == "\\~/a\\*b" && w[1].text == "~/a*b"));
  CHECK((!w[2].home && w[2].text == "~x"));
  CHECK((!w[3].is_pattern && w[3].text == "a*b"));
  CHECK((w[4].is_pattern && w[4].pattern == "\\?{c"));
}

TEST_CASE("what is not closed is told") {
  CHECK(split_words("add 'my").error().code == errc::usage);
  CHECK(split_words("add \"my\\\"").error().text.find('"') != std::string::npos);
  CHECK(split_words("add my\\").error().code == errc::usage);
}

TEST_CASE("an escaped word is read back as it was") {
  for (const std::string& word : words{"plain", "", "a b", "it's", "\"", "back\\slash", "tab\there", "größe 大", "*",
                                       "a[1]", "~", "~/x", "{a,b}", "wh?t", "magnet:?it's"}) {
    const auto read = split_words("x " + escape_word(word));
    REQUIRE(read);
    CHECK(*read == words{"x", word});
    const auto shell = split_shell_words("x " + escape_word(word));
    REQUIRE(shell);
    CHECK_FALSE(shell->back().is_pattern);
    CHECK_FALSE(shell->back().home);
  }
}

TEST_CASE("the open word at the end of a line") {
  CHECK(last_word("add ").text.empty());
  CHECK(last_word("add ").start == 4);
  CHECK(last_word("add ").before == words{"add"});
  CHECK(last_word("ad").start == 0);
  CHECK(last_word("add my\\ fi").text == "my fi");
  CHECK(last_word("add my\\ fi").start == 4);
  CHECK(last_word("add 'my fi").text == "my fi");
  CHECK(last_word("add 'my fi").quote == '\'');
}
