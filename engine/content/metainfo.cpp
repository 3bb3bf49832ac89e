#include "content/metainfo.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include "content/bencode.hpp"
#include "content/file_attributes.hpp"
#include "content/info_dictionary.hpp"
#include "content/merkle.hpp"
#include "content/signed_publication.hpp"
#include "core/assert.hpp"
#include "core/sha256.hpp"

namespace shoal {

namespace {

using layer_list = std::vector<std::vector<digest>>;

/// In a .torrent, beside `info`: other clients pass over what they do not know.
constexpr std::string_view attributes_key = "shoal.files";

result<metainfo_ptr> finished(result<std::shared_ptr<metainfo>> made) {
  if (!made) return made.error();
  return metainfo_ptr(std::move(*made));
}

error malformed_info(const error& why) {
  return {errc::malformed, "torrent: its info dictionary is not well-formed, get or create it again: " + why.text};
}

/// errc::malformed unless the sorted entries can be one tree.
result<void> check_collisions(const std::vector<file_entry>& files) {
  for (std::size_t i = 1; i < files.size(); ++i) {
    const std::string& before = files[i - 1].path;
    const std::string& path = files[i].path;
    if (path == before) return error{errc::malformed, "\"" + path + "\" is in the share twice"};
    if (path.starts_with(before) && path[before.size()] == '/') {
      return error{errc::malformed, "\"" + before + "\" is both a directory and something else in the share"};
    }
  }
  return {};
}

/// The layers in a .torrent's `piece layers`, one per file; nothing if one is missing.
result<std::optional<layer_list>> read_layers(const bencode::value& torrent, const metainfo& meta) {
  const bencode::value* found = torrent.find("piece layers", bencode::kind::dictionary);
  if (found == nullptr) return std::optional<layer_list>{};
  const auto layers = bencode::skim(found->source());
  if (!layers) return layers.error();
  layer_list read(meta.files().size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    const std::uint32_t pieces = meta.shape().file_pieces(file_index{static_cast<std::uint32_t>(i)});
    if (pieces < 2) continue;
    const file_entry& file = meta.files()[i];
    const bencode::value* layer = layers->find(as_text(file.root.view()), bencode::kind::string);
    if (layer == nullptr) return std::optional<layer_list>{};
    const std::string_view hashes = layer->string();
    if (hashes.size() != std::uint64_t{pieces} * digest::size) {
      return error{errc::malformed, "torrent: the piece layer of \"" + file.path + "\" has " +
                                        std::to_string(hashes.size()) + " bytes instead of " +
                                        std::to_string(std::uint64_t{pieces} * digest::size) +
                                        ": get the torrent again"};
    }
    read[i].resize(pieces);
    for (std::size_t k = 0; k < pieces; ++k) {
      std::memcpy(read[i][k].bytes.data(), hashes.data() + k * digest::size, digest::size);
    }
  }
  return std::optional(std::move(read));
}

}  // namespace

result<std::shared_ptr<const metainfo>> metainfo::from_info(byte_view info) {
  if (info.size() > info_bytes_max) return error{errc::limit, "torrent: the info dictionary is larger than 128 MiB"};
  const auto parsed = bencode::parse(info);
  if (!parsed) return malformed_info(parsed.error());
  return finished(from_parsed(*parsed));
}

result<std::shared_ptr<metainfo>> metainfo::from_parsed(const bencode::value& info) {
  auto fields = read_info(info);
  if (!fields) return fields.error();
  std::vector<std::uint64_t> sizes;
  sizes.reserve(fields->files.size());
  for (const file_entry& file : fields->files) sizes.push_back(file.size);
  std::shared_ptr<metainfo> made(new metainfo);
  made->id_ = *share_id::from_bytes(sha256(info.source()).view());
  made->name_ = std::move(fields->name);
  made->folder_ = fields->folder;
  made->private_ = fields->is_private;
  made->files_ = std::move(fields->files);
  made->shape_ = geometry(fields->piece_bytes, sizes);
  made->info_.assign(info.source().begin(), info.source().end());
  const bool layers_needed =
      std::any_of(sizes.begin(), sizes.end(), [&](std::uint64_t size) { return size > fields->piece_bytes; });
  if (!layers_needed) {
    const auto attached = made->attach_layers(layer_list(sizes.size()));
    SHOAL_ASSERT(attached.has_value());
  }
  return made;
}

result<std::shared_ptr<const metainfo>> metainfo::from_torrent(byte_view torrent) {
  if (torrent.size() > torrent_bytes_max) return error{errc::limit, "torrent: the file is larger than 256 MiB"};
  const auto parsed = bencode::skim(torrent);
  if (!parsed) return error{errc::malformed, "not a .torrent file: " + parsed.error().text};
  const bencode::value* found = parsed->find("info", bencode::kind::dictionary);
  if (found == nullptr) return error{errc::malformed, "not a .torrent file: it has no info dictionary"};
  if (found->source().size() > info_bytes_max) {
    return error{errc::limit, "torrent: the info dictionary is larger than 128 MiB"};
  }
  const auto info = bencode::parse(found->source());
  if (!info) {
    const auto keys = bencode::skim(found->source());
    if (keys && is_version_1(*keys)) return read_info(*keys).error();
    return malformed_info(info.error());
  }
  auto made = from_parsed(*info);
  if (!made) return made.error();
  const bencode::value* attributes = parsed->find(attributes_key, bencode::kind::dictionary);
  // The list only gives times to files. A malformed list does not spoil the torrent.
  if (attributes != nullptr) (void)(*made)->attach_attributes(attributes->source());
  if ((*made)->has_layers()) return finished(std::move(made));
  auto layers = read_layers(*parsed, **made);
  if (!layers) return layers.error();
  if (!*layers) return finished(std::move(made));
  if (const auto attached = (*made)->attach_layers(std::move(**layers)); !attached) return attached.error();
  return finished(std::move(made));
}

result<std::shared_ptr<const metainfo>> metainfo::build(std::string name, bool folder, std::uint32_t piece_bytes,
                                                        std::vector<file_entry> files, layer_list layers,
                                                        byte_view attributes) {
  if (layers.size() != files.size()) {
    return error{errc::malformed, "share \"" + name + "\": there must be one piece layer per file"};
  }
  std::vector<std::size_t> order(files.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return tree_order(files[a].path, files[b].path); });
  info_fields fields{std::move(name), folder, piece_bytes, {}, false};
  layer_list sorted_layers;
  fields.files.reserve(files.size());
  sorted_layers.reserve(files.size());
  for (const std::size_t i : order) {
    if (const auto checked = check_relative_path(files[i].path); !checked) return checked.error();
    fields.files.push_back(std::move(files[i]));
    sorted_layers.push_back(std::move(layers[i]));
  }
  if (const auto checked = check_collisions(fields.files); !checked) return checked.error();
  const byte_buffer info = write_info(fields);
  if (info.size() > info_bytes_max) return error{errc::limit, "share: more paths than fit 128 MiB; split the share"};
  const auto parsed = bencode::parse(info);
  if (!parsed) return parsed.error();
  auto made = from_parsed(*parsed);
  if (!made) return made.error();
  if ((*made)->is_folder() != folder) {
    return error{errc::malformed, "share \"" + fields.name + "\": a single file must have the name of its share"};
  }
  if (const auto attached = (*made)->attach_layers(std::move(sorted_layers)); !attached) return attached.error();
  if (!attributes.empty()) {
    if (const auto attached = (*made)->attach_attributes(attributes); !attached) return attached.error();
  }
  return finished(std::move(made));
}

result<std::shared_ptr<const metainfo>> metainfo::with_layers(layer_list layers) const {
  std::shared_ptr<metainfo> made(new metainfo(*this));
  if (const auto attached = made->attach_layers(std::move(layers)); !attached) return attached.error();
  return std::shared_ptr<const metainfo>(std::move(made));
}

result<std::shared_ptr<const metainfo>> metainfo::with_attributes(byte_view list) const {
  std::shared_ptr<metainfo> made(new metainfo(*this));
  if (const auto attached = made->attach_attributes(list); !attached) return attached.error();
  return std::shared_ptr<const metainfo>(std::move(made));
}

result<void> metainfo::attach_attributes(byte_view list) {
  if (const auto read = decode_attributes(list, regular_file_count()); !read) return read.error();
  attributes_.assign(list.begin(), list.end());
  return {};
}

result<void> metainfo::attach_layers(layer_list layers) {
  if (layers.size() != files_.size()) {
    return error{errc::verification, "\"" + name_ + "\": there must be one piece layer per file"};
  }
  const auto piece_height = static_cast<std::uint32_t>(std::countr_zero(shape_.piece_bytes() / block_bytes));
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::uint32_t pieces = shape_.file_pieces(file_index{static_cast<std::uint32_t>(i)});
    std::vector<digest>& layer = layers[i];
    if (pieces == 1 && layer.empty()) layer = {files_[i].root};
    const bool matches = layer.size() == pieces &&
                         (pieces == 0 || (pieces == 1 ? layer[0] : merkle_root(layer, piece_height)) == files_[i].root);
    if (!matches) {
      return error{errc::verification, "the piece layer of \"" + files_[i].path + "\" does not match its root"};
    }
  }
  layers_ = std::move(layers);
  has_layers_ = true;
  return {};
}

std::uint32_t metainfo::regular_file_count() const {
  return static_cast<std::uint32_t>(std::count_if(
      files_.begin(), files_.end(), [](const file_entry& file) { return file.type == file_entry::kind::regular; }));
}

const std::vector<digest>& metainfo::layer(file_index file) const {
  SHOAL_ASSERT(has_layers_ && file.value() < layers_.size());
  return layers_[file.value()];
}

const digest& metainfo::piece_hash(piece_index piece) const {
  const file_index file = shape_.piece_file(piece);
  return layer(file)[piece.value() - shape_.file_first_piece(file).value()];
}

byte_buffer metainfo::to_torrent(const way_in& way, const publication& published) const {
  SHOAL_ASSERT(has_layers_);
  // Files of the same content share one root, and so one layer.
  std::map<digest, const std::vector<digest>*> by_root;
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (layers_[i].size() > 1) by_root.emplace(files_[i].root, &layers_[i]);
  }
  bencode::writer out;
  out.begin_dictionary();
  if (!way.trackers.empty()) out.key("announce").string(tracker_url(way.trackers.front()));
  if (way.trackers.size() > 1) {
    out.key("announce-list").begin_list();
    for (const std::string& tracker : way.trackers) out.begin_list().string(tracker_url(tracker)).end();
    out.end();
  }
  out.key("info").raw(info_).key("piece layers").begin_dictionary();
  for (const auto& [root, layer] : by_root) {
    out.key(as_text(root.view()));
    out.string(byte_view(layer->front().bytes.data(), layer->size() * digest::size));
  }
  out.end();
  write_publication(out, published);
  if (!attributes_.empty()) out.key(attributes_key).raw(attributes_);
  if (!way.peers.empty()) {
    out.key("shoal.peers").begin_list();
    for (const std::string& peer : way.peers) out.string(peer);
    out.end();
  }
  return out.end().take();
}

}  // namespace shoal
