// What a peer offers over HTTP: "/" the page, "/s/…" content, "/v1/…" the API, "/metrics". One object for each peer;
// routes requests to who answers them.
//
// No answer allows other origins (CORS). So a page of another site may send requests, and cannot read the answers.
// Owned by peer_service; run() until stop().
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/api_service.hpp"
#include "gateway/content_service.hpp"
#include "gateway/guest_entrance.hpp"
#include "gateway/http_server.hpp"
#include "net/certificate_files.hpp"

namespace shoal {

class peer_node;

/// In a private swarm: what clients without the key are shown.
struct https_settings {
  certificate_paths files = {};         ///< empty: the peer's own, in its state directory
  std::vector<std::string> names = {};  ///< that its own certificate is for, beside addresses and "localhost"
};

class gateway final : private http_handler {
 public:
  /// Both outlive this.
  gateway(peer_node& node, peer_control& control, api_access rules, https_settings https);

  /// A connection of which nothing is read yet, and whose first byte is a letter.
  void on_connection(stream connection) { server_->on_connection(std::move(connection)); }
  /// The node is open. Reads the token of its state directory, or makes it; in a private swarm the certificate, too. A
  /// stateless peer has none. Without a token, as on a full disk, nothing can be changed over HTTP. Without a
  /// certificate nobody comes in without the key. The log says so. Errors: of files that the user names. Blocks.
  result<void> open();
  awaitable<void> run();
  void stop();

 private:
  awaitable<void> answer(http_exchange& with) override;
  bool takes_body(http_exchange& with) const override;
  awaitable<void> answer_page(http_exchange& with);
  awaitable<void> answer_metrics(http_exchange& with);
  void open_token();
  result<void> open_certificate();
  /// The client need not bring the token with each request.
  bool is_member(http_exchange& with) const;
  /// What this peer shares, downloads and hashes.
  std::size_t own_rows() const;
  /// Shares, peers, sessions and shares to come that can be listed, about.
  std::size_t listed_rows() const;

  peer_node& node_;
  peer_control& control_;
  https_settings https_;
  std::optional<access_token> token_;
  guest_entrance entrance_;
  content_service content_;
  event_feed events_;
  api_service api_;
  std::optional<http_server> server_;
  task_group tasks_;
};

}  // namespace shoal
