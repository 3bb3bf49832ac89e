#include "cmd/alone.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "cmd/output.hpp"
#include "cmd/peer_settings.hpp"
#include "control/described.hpp"
#include "control/rows.hpp"

namespace shoal {

namespace {

constexpr auto others_interval = std::chrono::milliseconds(500);

bool active(const rows::download& row) {
  return row.phase != "complete" && row.phase != "failed" && row.phase != "cancelled";
}

}  // namespace

void pause(duration time, const interrupt& stop) {
  pollfd wait{stop.descriptor(), POLLIN, 0};
  ::poll(&wait, 1, static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()));
}

result<std::unique_ptr<alone_peer>> alone_peer::start(const arguments& given, const std::vector<std::string>& trackers,
                                                      bool keep_state) {
  std::unique_ptr<alone_peer> alone(new alone_peer());
  auto options = peer_options_of(given);
  if (!options) return options.error();
  options->remember = false;
  // The request names the directory, and has it made if it is missing.
  std::error_code ec;
  if (!std::filesystem::is_directory(options->download_directory, ec)) options->download_directory = absolute_path(".");
  for (const std::string& tracker : trackers) {
    if (std::ranges::find(options->trackers, tracker) == options->trackers.end()) options->trackers.push_back(tracker);
  }
  unique_descriptor only_client;
  if (!keep_state) {
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
      return system_error("cannot create a pair of sockets", errno, errc::internal);
    }
    alone->client_.emplace(control_client::adopt(ends[0], "this process"));
    only_client.reset(ends[1]);
    options->stateless = true;
  }
  alone->host_ =
      std::make_unique<node_host<peer_service>>(peer_service_options{std::move(*options), std::move(only_client)});
  if (const auto started = alone->host_->start(); !started) return started.error();
  if (!keep_state) return alone;
  auto client = control_client::connect(alone->host_->node().node().state_path());
  if (!client) return client.error();
  alone->client_.emplace(std::move(*client));
  return alone;
}

void wait_for_others(control_client& client, const alone_peer& alone, const interrupt& stop) {
  bool said = false;
  while (!stop.raised() && !alone.finished()) {
    const auto status = client.call("status", {}, stop);
    if (!status) return;
    if (std::ranges::none_of(from_json<rows::status>(*status).downloads, active)) return;
    if (!said) note("another command downloads through this process: it stays until that is done");
    said = true;
    pause(others_interval, stop);
  }
}

}  // namespace shoal
