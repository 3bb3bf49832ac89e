// Content over HTTP: "/s/ID/PATH", from what this peer has of its shares.
//
// Files by range, with the conditions of RFC 9110; folders as a page or as JSON. The entity tag of a file is the root
// of its Merkle tree (BEP 52), so it names its bytes wherever they are. Only what is verified is sent. A request for
// what is not here yet waits for it, and the download fetches that first. With --fetch-on-read the same holds for
// shares that are not here at all (library/read_cache). Owned by gateway, on the network thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "gateway/byte_ranges.hpp"
#include "gateway/content_tree.hpp"
#include "gateway/http_exchange.hpp"
#include "gateway/preconditions.hpp"
#include "gateway/request_target.hpp"
#include "peer/share/share.hpp"

namespace shoal {

class peer_node;

class content_service {
 public:
  /// `node` outlives this. `count_rows`: of all that is listed, about.
  content_service(peer_node& node, std::function<std::size_t()> count_rows)
      : node_(node), count_rows_(std::move(count_rows)) {}

  awaitable<void> answer(http_exchange& with, const request_target& target, const content_target& wanted);

 private:
  result<std::shared_ptr<share>> find(http_exchange& with, const std::string& named) const;
  /// Begins to fetch a share that is listed and not here, for who reads it. `named`: its id or its exact name.
  awaitable<result<std::shared_ptr<share>>> fetch(http_exchange& with, std::string named);
  awaitable<void> answer_file(http_exchange& with, const request_target& target, std::shared_ptr<share> which,
                              file_index file);
  awaitable<void> answer_folder(http_exchange& with, const request_target& target, const content_target& wanted,
                                std::shared_ptr<share> which, tree_place at);
  /// Sends the folder as a tar archive.
  awaitable<void> answer_tar(http_exchange& with, std::shared_ptr<share> which, std::string path, tree_place at);
  awaitable<void> send_parts(http_exchange& with, std::shared_ptr<share> which, file_index file,
                             std::vector<byte_span> parts, http_head head);

  peer_node& node_;
  std::function<std::size_t()> count_rows_;
};

}  // namespace shoal
