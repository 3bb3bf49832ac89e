// Peers of a test that are whole: with a state directory, a port and files, in the test's process.
#pragma once

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "core/bytes.hpp"
#include "peer/peer_node.hpp"

namespace shoal::testing {

/// Bytes in which each block differs from the others.
inline byte_buffer make_content(std::size_t bytes) {
  byte_buffer content(bytes);
  for (std::size_t i = 0; i < bytes; ++i) content[i] = static_cast<std::uint8_t>(i * 31 + i / 251);
  return content;
}

inline void write_file(const std::string& path, const byte_buffer& content) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
}

inline byte_buffer read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// A peer that keeps all that it has in `directory`.
inline peer_options options_in(const std::string& directory) {
  peer_options options;
  options.listen = "127.0.0.1:0";
  options.state_directory = directory + "/state";
  options.download_directory = directory;
  return options;
}

/// Shares `path`; `added` stays null if that fails.
inline awaitable<void> add_file(peer_node& node, std::string path, std::shared_ptr<share>& added) {
  auto go_on = [](std::uint64_t, std::uint64_t) { return true; };
  auto mark = node.discovery().announce_add(path);
  const share_options wanted;
  const auto outcome = co_await node.library().add(std::move(path), wanted, std::move(mark), std::move(go_on));
  if (outcome) added = outcome->what;
}

/// Begins a download; `begun` stays null if that fails.
inline awaitable<void> begin_download(peer_node& node, download_request request, std::shared_ptr<share>& begun) {
  const auto outcome = co_await node.library().downloads().begin(std::move(request));
  if (outcome) begun = *outcome;
}

}  // namespace shoal::testing
