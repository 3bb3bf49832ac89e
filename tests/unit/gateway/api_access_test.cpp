#include "gateway/api_access.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "core/base64.hpp"
#include "core/bytes.hpp"
#include "net/access_token.hpp"
#include "show_result.hpp"
#include "unit/store/temporary_directory.hpp"

namespace shoal {

namespace {

api_request at(const char* local, bool has_token) {
  return {.host = "localhost", .local = boost::asio::ip::make_address(local), .has_token = has_token};
}

bool known(const api_access& rules, const char* host) {
  return check_host(rules, {.host = host}).has_value();
}

}  // namespace

TEST_CASE("changes need the token, and are taken at loopback addresses and at those that are named") {
  api_access rules;
  CHECK(check_change(rules, at("127.0.0.1", true)));
  CHECK(check_change(rules, at("::1", true)));
  CHECK_FALSE(check_change(rules, at("127.0.0.1", false)));
  REQUIRE_FALSE(check_change(rules, at("192.0.2.7", true)));
  CHECK(check_change(rules, at("192.0.2.7", true)).error().helps == remedy::change_address);
  rules.change_addresses.push_back(boost::asio::ip::make_address("192.0.2.7"));
  CHECK(check_change(rules, at("192.0.2.7", true)));
  CHECK_FALSE(check_change(rules, at("192.0.2.7", false)));
  CHECK_FALSE(check_change(rules, at("192.0.2.8", true)));
  rules.change_addresses = {boost::asio::ip::make_address("0.0.0.0")};
  CHECK(check_change(rules, at("192.0.2.8", true)));
}

TEST_CASE("over an encrypted connection changes are taken at each address") {
  api_request there = at("192.0.2.7", true);
  there.is_encrypted = true;
  CHECK(check_change({}, there));
  there.has_token = false;
  CHECK_FALSE(check_change({}, there));
}

TEST_CASE("the API answers under addresses and known names alone") {
  const api_access rules{.host_names = {"box", "box.local"}};
  for (const char* host : {"localhost", "localhost:7001", "192.0.2.7", "192.0.2.7:80", "[2001:db8::1]:7001", "[::1]",
                           "BOX:7001", "box.local"}) {
    CAPTURE(host);
    CHECK(known(rules, host));
  }
  for (const char* host : {"", "evil.example", "evil.example:7001", "box.evil.example", "localhost.evil.example", "[",
                           "[]", "127.0.0.1.evil.example"}) {
    CAPTURE(host);
    CHECK_FALSE(known(rules, host));
  }
}

TEST_CASE("a token is made once, is secret, and is known again") {
  const test::temporary_directory home;
  const std::string directory = home.path().string();
  CHECK(access_token::read(directory).error().code == errc::not_found);
  const auto made = access_token::open(directory);
  REQUIRE(made.has_value());
  CHECK(access_token::open(directory)->text() == made->text());
  const auto mode = std::filesystem::status(home / "token").permissions();
  CHECK(mode == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  CHECK(made->is_in("Bearer " + made->text()));
  CHECK_FALSE(made->is_in("Basic " + to_base64(as_bytes("ann:" + made->text()))));
  CHECK_FALSE(made->is_in(made->text()));
  CHECK_FALSE(made->is_in("Bearer"));
  CHECK_FALSE(made->is_in("Bearer " + made->text().substr(1)));
  CHECK_FALSE(made->is_in("Basic " + to_base64(as_bytes(made->text()))));
  CHECK_FALSE(made->is_in("Basic ????"));
}

TEST_CASE("to read, the token may also be the password of anybody") {
  const test::temporary_directory home;
  const auto made = access_token::open(home.path().string());
  REQUIRE(made.has_value());
  const auto basic = [](const std::string& text) { return "Basic " + to_base64(as_bytes(text)); };
  CHECK(made->lets_read("Bearer " + made->text()));
  CHECK(made->lets_read(basic(":" + made->text())));
  CHECK(made->lets_read(basic("ann:" + made->text())));
  CHECK(made->lets_read("bAsIc  " + to_base64(as_bytes("ann:" + made->text()))));
  for (const std::string& wrong :
       {std::string(), std::string("Basic"), std::string("Basic ????"), made->text(), "Digest " + made->text(),
        basic(made->text()), basic(made->text() + ":"), basic("ann:"), basic("ann:" + made->text() + "0"),
        basic("ann:x:" + made->text()), basic("ann:" + made->text().substr(1)), basic("ann:" + made->text()) + "x"}) {
    CAPTURE(wrong);
    CHECK_FALSE(made->lets_read(wrong));
  }
}

}  // namespace shoal
