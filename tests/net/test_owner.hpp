// Stands in for the share of a download, for tests of the download's parts.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "peer/share/download_owner.hpp"

namespace shoal::testing {

/// A share with nobody connected, which keeps what it is told.
class test_owner final : public download_owner {
 public:
  const share_content& content() const override { return here; }
  // The parts have nothing to do with peers.
  const share_peers& peers() const override { std::abort(); }
  const publication& published() const override { return known; }
  throttle& down() override { std::abort(); }
  awaitable<std::vector<local_content>> content_besides() override { co_return besides; }
  awaitable<void> give_way(std::string path) override {
    gave_way.push_back(std::move(path));
    co_return;
  }
  swarm_outlook outlook() const override { return {}; }
  void on_metadata(metainfo_ptr info) override { here.on_metadata(std::move(info)); }
  void on_attributes(metainfo_ptr info) override { here.on_attributes(std::move(info)); }
  void on_files(std::shared_ptr<content_files> files, bitmap verified) override {
    here.on_files(std::move(files));
    all_here = verified.all();
  }
  void on_piece_verified(piece_index) override {}
  void on_doubt(piece_index) override {}
  void on_download_complete() override {}
  void on_download_failed() override {}

  share_content here;
  publication known{};
  std::vector<local_content> besides;
  std::vector<std::string> gave_way;
  bool all_here = false;
};

}  // namespace shoal::testing
