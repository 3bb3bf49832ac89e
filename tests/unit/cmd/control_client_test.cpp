#include "cmd/control_client.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <thread>

#include "cmd/interrupt.hpp"
#include "control/control_server.hpp"
#include "show_result.hpp"

using namespace shoal;

namespace {

// Accepts one client, reads one line, says `reply` in pieces of `piece` bytes, reads until the client goes.
class fake_peer {
 public:
  explicit fake_peer(std::string reply, std::size_t piece = 1 << 20, bool hang_up = true) {
    std::string pattern = (std::filesystem::temp_directory_path() / "shoal-client-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = directory_ + "/control.sock";
    std::memcpy(address.sun_path, path.data(), path.size());
    listener_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_, 1) == 0);
    thread_ = std::thread([this, reply = std::move(reply), piece, hang_up] { serve(reply, piece, hang_up); });
  }
  ~fake_peer() {
    thread_.join();
    ::close(listener_);
    std::filesystem::remove_all(directory_);
  }
  const std::string& directory() const { return directory_; }
  std::string request;  // to be read after the client has its answer

 private:
  void serve(const std::string& reply, std::size_t piece, bool hang_up) {
    const int client = ::accept(listener_, nullptr, nullptr);
    char byte = 0;
    while (::read(client, &byte, 1) == 1 && byte != '\n') request += byte;
    for (std::size_t at = 0; at < reply.size(); at += piece) {
      const std::string part = reply.substr(at, piece);
      if (::send(client, part.data(), part.size(), MSG_NOSIGNAL) < 0) break;
    }
    while (!hang_up && ::read(client, &byte, 1) == 1) {
    }
    ::close(client);
  }

  std::string directory_;
  int listener_ = -1;
  std::thread thread_;
};

result<json::value> call(const fake_peer& peer, const control_client::notice_handler& on_notice = {}) {
  interrupt stop;
  auto client = control_client::connect(peer.directory());
  REQUIRE(client);
  json::object params;
  params["what"] = "größe\n";
  return client->call("verify", std::move(params), stop, on_notice);
}

}  // namespace

TEST_CASE("a request is one line of JSON-RPC and its result comes back") {
  fake_peer peer("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"a\":[1]}}\n");
  const auto answer = call(peer);
  REQUIRE(answer);
  CHECK(json::serialize(*answer) == R"({"a":[1]})");
  const auto request = json::parse(peer.request);
  CHECK(request == json::parse(R"({"jsonrpc":"2.0","id":1,"method":"verify","params":{"what":"größe\n"}})"));
}

TEST_CASE("notices of the request are handed over, however the bytes come") {
  fake_peer peer(
      "{\"jsonrpc\":\"2.0\",\"method\":\"progress\",\"params\":{\"request\":1,\"done\":3}}\n"
      "{\"jsonrpc\":\"2.0\",\"method\":\"progress\",\"params\":{\"request\":9,\"done\":4}}\n"
      "{\"jsonrpc\":\"2.0\",\"id\":9,\"result\":0}\n{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":7}\n",
      3);
  std::vector<std::uint64_t> seen;
  const auto answer =
      call(peer, [&seen](const json::object& params) { seen.push_back(params.at("done").to_number<std::uint64_t>()); });
  REQUIRE(answer);
  CHECK(*answer == 7);
  CHECK(seen == std::vector<std::uint64_t>{3});
}

TEST_CASE("an error keeps its class and text") {
  fake_peer peer(
      "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":6,\"message\":\"disk "
      "full\",\"data\":{\"class\":\"no_space\"}}}\n");
  const auto answer = call(peer);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == errc::no_space);
  CHECK(answer.error().text == "disk full");
}

TEST_CASE("what a peer says before it closes the connection is the reason") {
  int ends[2] = {-1, -1};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  const std::string line =
      "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":8,\"message\":\"too "
      "many\",\"data\":{\"class\":\"limit\"}}}\n";
  REQUIRE(::send(ends[1], line.data(), line.size(), 0) == static_cast<ssize_t>(line.size()));
  const bool closed_before = GENERATE(true, false);
  if (closed_before) ::close(ends[1]);
  auto client = control_client::adopt(ends[0], "here");
  interrupt stop;
  const auto answer = client.call("ping", {}, stop);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == errc::limit);
  CHECK(answer.error().text == "too many");
  CHECK_FALSE(client.lost());
  if (!closed_before) ::close(ends[1]);
}

TEST_CASE("a peer that goes or talks nonsense is an error, never a hang") {
  {
    fake_peer peer("{\"jsonrpc\":\"2.0\",\"id\":1,");
    CHECK(call(peer).error().code == errc::unreachable);
  }
  for (const std::string reply : {"hello\n", "[]\n", "{}\n", "\n", "{\"id\":1}\n"}) {
    fake_peer peer(reply, 100, false);
    CHECK(call(peer).error().code == errc::protocol);
  }
  fake_peer peer(std::string(control_line_bytes_max + 100'000, 'x'), 1 << 20);
  CHECK(call(peer).error().code == errc::protocol);
}

TEST_CASE("a signal ends a call") {
  fake_peer peer("", 1, false);
  interrupt stop;
  auto client = control_client::connect(peer.directory());
  REQUIRE(client);
  std::raise(SIGINT);
  const auto answer = client->call("download", {}, stop);
  CHECK(answer.error().code == errc::cancelled);
  stop.clear();
  CHECK_FALSE(stop.raised());
  const auto received = client->receive(std::chrono::milliseconds(1), &stop);
  REQUIRE(received);
  CHECK(std::holds_alternative<control_client::silence>(*received));
}

TEST_CASE("a peer that answers nothing at all is given up after seconds") {
  fake_peer peer("", 1, false);
  const auto begun = clock::now();
  const auto answer = call(peer);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == errc::timed_out);
  CHECK(answer.error().text.find("does not answer: its process " + std::to_string(::getpid())) != std::string::npos);
  CHECK(clock::now() - begun >= control_client::ping_after + control_client::silence_max);
}

TEST_CASE("the end of a peer is waited for") {
  interrupt stop;
  {
    fake_peer peer("");
    auto client = control_client::connect(peer.directory());
    REQUIRE(client);
    REQUIRE(client->send("stop", {}));
    CHECK(client->wait_for_close(std::chrono::seconds(10), stop));
  }
  fake_peer peer("", 1, false);
  auto client = control_client::connect(peer.directory());
  REQUIRE(client);
  REQUIRE(client->send("stop", {}));
  CHECK(client->wait_for_close(std::chrono::milliseconds(1), stop).error().code == errc::timed_out);
  std::raise(SIGHUP);
  CHECK(stop.terminates());
  CHECK(client->wait_for_close(std::chrono::seconds(10), stop).error().code == errc::cancelled);
}

TEST_CASE("nobody there says how to start a peer") {
  const auto client = control_client::connect("/nowhere/state");
  REQUIRE_FALSE(client);
  CHECK(client.error().code == errc::not_found);
  CHECK(client.error().text.find("no peer runs with state directory /nowhere/state: start one with 'shoal peer") == 0);
}
