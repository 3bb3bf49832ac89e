// downloads: where a download goes, what is written down of it, and its begin.

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "core/human_bytes.hpp"
#include "net/endpoint.hpp"
#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/library/downloads.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

constexpr duration resolve_timeout = std::chrono::seconds(5);

/// Makes what is missing of `directory` if asked to. The directory without symlinks: one way to say where content is.
result<std::string> directory_ready(const std::string& directory, bool make) {
  std::error_code ec;
  if (std::filesystem::is_directory(directory, ec)) return std::filesystem::canonical(directory, ec).string();
  if (!make) return error{errc::not_found, "no directory " + directory, remedy::make_directory};
  std::filesystem::create_directories(directory, ec);
  if (!ec && std::filesystem::is_directory(directory, ec)) return std::filesystem::canonical(directory, ec).string();
  const bool in_the_way = !ec || ec.value() == ENOTDIR || ec.value() == EEXIST;
  if (in_the_way) {
    return error{errc::conflict, "cannot create directory " + printable(directory) + ": something else is in the way",
                 remedy::other_directory};
  }
  return helped_by(remedy::other_directory,
                   system_error("cannot create directory " + printable(directory), ec.value()));
}

/// The pieces of both lists (bitmap::to_bytes); one may be empty.
byte_buffer either(byte_buffer one, const byte_buffer& other) {
  one.resize(std::max(one.size(), other.size()));
  for (std::size_t i = 0; i < other.size(); ++i) one[i] |= other[i];
  return one;
}

error is_elsewhere(const download_request& asked) {
  return {errc::conflict, "'" + asked.name + "' has a download in another directory"};
}

/// What an earlier try of the download has on disk now, and would be lost.
bool keeps_something(const stored_download& row) {
  const auto is_set = [](std::uint8_t byte) { return byte != 0; };
  return (std::ranges::any_of(row.safe, is_set) || std::ranges::any_of(row.pending, is_set)) &&
         partial_is_there(row.directory, row.partial);
}

error is_kept_elsewhere(const stored_download& row) {
  // What was asked for by its id has no other name.
  const auto info = metainfo::from_torrent(row.torrent);
  return {errc::conflict, "'" + printable(info ? (*info)->name() : row.name) + "' has begun in " +
                              printable(row.directory) +
                              ", and what it has there is kept: go on with it there, or remove it first"};
}

bool runs(const share& one) {
  return one.content().complete() || (one.downloading() != nullptr && !one.downloading()->ended());
}

}  // namespace

awaitable<result<std::shared_ptr<share>>> downloads::begin(download_request request) {
  const auto turn = co_await turns_.take(request.id);
  if (const auto known = hosted_.find(request.id); known && known->content().complete()) {
    const auto there = co_await doubt_.is_there(known);
    if (!there && hosted_.find(request.id) == known) co_return there.error();
  }
  co_await losses_.settle();
  if (const auto placed = co_await find_place(request); !placed) co_return placed.error();
  for (const std::string& text : request.peers) {
    if (const auto where = parse_host_port(text); !where) co_return where.error();
  }
  if (const auto known = hosted_.find(request.id)) {
    if (runs(*known)) {
      for (const std::string& text : request.peers) {
        const std::vector<std::string> one{text};
        context_.tasks.spawn("find peers", find_peers(known, one));
      }
      co_return known;
    }
    const auto* ended = known->downloading();
    const bool same_place = ended != nullptr && ended->request().directory == request.directory;
    if (request.only_new && !same_place) co_return is_elsewhere(request);
    co_await let_go(known);
  }
  if (const auto row = context_.discovery.swarm().share(request.id)) {
    request.published = merged(request.published, row->publication);
  }
  // One that was cancelled a moment ago may still write.
  co_await hosted_.wait_for_stopped(request.id);
  const auto row = co_await remember(request);
  if (!row) co_return row.error();
  paused_.erase(request.id);
  if (context_.stopped()) co_return error{errc::cancelled, "the peer stops"};
  if (const auto known = hosted_.find(request.id)) co_return known;
  const bool layers_known = request.info && request.info->has_layers();
  if (!layers_known && !row->torrent.empty()) {
    auto info = metainfo::from_torrent(row->torrent);
    if (info) request.info = *info;
  }
  request.safe = row->safe;
  request.pending = row->pending;
  request.partial = row->partial;
  request.peers = row->peers;
  request.published = row->published;
  const bool resumes = !row->safe.empty() || !row->pending.empty();
  log_info("download {} name=\"{}\" size=\"{}\" directory=\"{}\" share={}", resumes ? "is resumed" : "begins",
           printable(request.info ? request.info->name() : row->name),
           request.info ? human_bytes(request.info->total_bytes()) : "not known yet", printable(request.directory),
           request.id.hex().substr(0, 12));
  auto begun = hosted_.fetch(std::move(request));
  if (!row->peers.empty()) context_.tasks.spawn("find peers", find_peers(begun, row->peers));
  co_return begun;
}

awaitable<result<void>> downloads::find_place(download_request& request) {
  if (request.directory.empty()) {
    // One that was cancelled or failed goes on where it was, and one that is missing is brought back there.
    if (const auto known = hosted_.find(request.id); known && known->downloading() != nullptr) {
      request.directory = known->downloading()->request().directory;
    }
    if (const paused_download* kept = paused(request.id); kept != nullptr) {
      request.directory = kept->row.directory;
      request.symlinks = request.symlinks || kept->row.symlinks;
    }
    for (const auto& [path, one] : missing_.all()) {
      if (one.info->id() == request.id) request.directory = std::filesystem::path(path).parent_path();
    }
  }
  if (request.directory.empty() && request.update) request.directory = place_of_older(request.name);
  if (request.directory.empty()) request.directory = context_.settings.download_directory;
  std::error_code ec;
  request.directory = std::filesystem::absolute(request.directory, ec).lexically_normal().string();
  if (request.directory.size() > 1 && request.directory.ends_with('/')) request.directory.pop_back();
  // What is here already goes nowhere, and needs no directory.
  if (const auto known = hosted_.find(request.id); known && runs(*known)) co_return result<void>{};
  auto ready = [directory = request.directory, make = request.make_directory] {
    return directory_ready(directory, make);
  };
  const auto there = co_await offload(context_.peer.background, std::move(ready));
  if (!there) co_return there.error();
  request.directory = *there;
  for (const auto& [path, one] : missing_.all()) {
    if (one.info->id() != request.id) continue;
    if (path == request.directory + "/" + one.info->name()) request.mend_inode = one.row.inode;
    if (!request.info || !request.info->has_layers()) request.info = one.info;
  }
  co_return result<void>{};
}

std::string downloads::place_of_older(const std::string& name) const {
  std::error_code ec;
  const std::filesystem::path usual = context_.settings.download_directory;
  if (name.empty() || std::filesystem::exists(usual / name, ec)) return {};
  if (const auto here = hosted_.complete_named(name)) {
    return std::filesystem::path(here->content().files()->path()).parent_path();
  }
  for (const auto& [path, one] : missing_.all()) {
    if (one.info->name() == name && !context_.is_for_readers(path)) return std::filesystem::path(path).parent_path();
  }
  return {};
}

awaitable<result<stored_download>> downloads::remember(download_request& request) {
  struct remembered {
    stored_download row;
    std::string given_up;
  };
  auto save = [&peer = context_.peer, request]() -> result<remembered> {
    std::string given_up;
    auto& database = peer.database;
    auto known = database.download(request.id);
    if (!known) return known.error();
    stored_download row = known->value_or(stored_download{});
    std::error_code ec;
    const bool moves = *known && std::filesystem::weakly_canonical(row.directory, ec) != request.directory;
    if (moves && request.only_new) return is_elsewhere(request);
    if (moves && keeps_something(row)) {
      // Several commands without a running peer share one record, and each has a directory of its own.
      if (peer.remember_shares) return is_kept_elsewhere(row);
      given_up = row.directory;
    }
    if (moves) {
      const auto info = metainfo::from_torrent(row.torrent);
      auto removed = remove_partial(row.directory, row.partial, info ? info->get() : nullptr);
      if (!removed) return removed.error();
      row.partial = {};
      row.safe.clear();
      row.pending.clear();
    }
    if (row.update) {
      // Files of the partial may have been files of the older version, which anybody could change meanwhile.
      row.pending = either(row.safe, row.pending);
      row.safe.clear();
    }
    row.id = request.id;
    row.paused = false;
    row.directory = request.directory;
    row.symlinks = request.symlinks;
    row.keep_modes = request.keep_modes;
    row.no_reuse = !request.reuse;
    row.update = request.update;
    row.delete_dropped = request.delete_dropped;
    if (!request.name.empty()) row.name = request.name;
    if (!request.peers.empty()) row.peers = request.peers;
    row.published = merged(row.published, request.published);
    if (request.info && request.info->has_layers()) row.torrent = request.info->to_torrent();
    if (auto saved = database.save_download(row); !saved) return saved.error();
    return remembered{std::move(row), std::move(given_up)};
  };
  auto saved = co_await offload(context_.peer.background, std::move(save));
  if (!saved) co_return saved.error();
  request.given_up = std::move(saved->given_up);
  co_return std::move(saved->row);
}

awaitable<void> downloads::find_peers(std::shared_ptr<share> which, std::vector<std::string> peers) {
  for (const std::string& text : peers) {
    const auto where = parse_host_port(text);
    if (!where) continue;
    const auto found = co_await resolve(*where, resolve_timeout);
    if (which->stopped()) co_return;
    if (!found) {
      log_warn("peer is not found peer={} error=\"{}\"", text, found.error().text);
      continue;
    }
    for (const auto& endpoint : *found) {
      which->peers().on_found({plain_address(endpoint).to_string(), endpoint.port()}, std::nullopt, false);
    }
  }
}

}  // namespace shoal
