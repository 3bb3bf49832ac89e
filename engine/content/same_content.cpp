#include "content/same_content.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <unordered_map>
#include <utility>

#include "content/merkle.hpp"

namespace shoal {

namespace {

std::uint32_t height_of(std::uint32_t piece_bytes) {
  return static_cast<std::uint32_t>(std::countr_zero(piece_bytes / block_bytes));
}

class search {
 public:
  search(const metainfo& wanted, const bitmap& missing) : wanted_(wanted), shape_(wanted.shape()), missing_(missing) {
    for (std::uint32_t i = 0; i < wanted.files().size(); ++i) {
      if (is_missing(file_index{i})) by_root_[wanted.files()[i].root].push_back(file_index{i});
    }
  }

  void look_for_files(const known_pieces& here, std::uint32_t content) {
    for (std::uint32_t i = 0; i < here.info->files().size(); ++i) {
      const file_index file{i};
      const std::uint64_t size = here.info->shape().file_size(file);
      const auto same = size == 0 ? by_root_.end() : by_root_.find(here.info->files()[i].root);
      if (same == by_root_.end()) continue;
      for (const file_index target : same->second) {
        if (shape_.file_size(target) != size) continue;
        for (std::uint32_t n = 0; n < shape_.file_pieces(target); ++n) {
          place(target, n, here, {content, file, std::uint64_t{n} * shape_.piece_bytes()});
        }
      }
    }
  }

  void look_for_pieces(const known_pieces& here, std::uint32_t content) {
    const geometry& shape = here.info->shape();
    const std::uint32_t node_bytes = std::max(shape.piece_bytes(), shape_.piece_bytes());
    const std::vector<node>& nodes = nodes_of(node_bytes);
    if (nodes.empty()) return;
    const std::uint32_t pieces_in_node = node_bytes / shape.piece_bytes();
    for (std::uint32_t i = 0; i < here.info->files().size(); ++i) {
      const file_index file{i};
      // The hash of an only piece is that of its file.
      if (shape.file_pieces(file) < 2) continue;
      const std::span<const digest> layer = here.info->layer(file);
      for (std::uint32_t first = 0; first < layer.size(); first += pieces_in_node) {
        const auto part = layer.subspan(first, std::min<std::size_t>(pieces_in_node, layer.size() - first));
        const digest hash = raised(part, shape.piece_bytes(), node_bytes);
        const auto same = std::equal_range(nodes.begin(), nodes.end(), node{hash, {}, 0}, by_hash);
        for (auto at = same.first; at != same.second; ++at) {
          for (std::uint32_t n = 0; n < node_bytes / shape_.piece_bytes(); ++n) {
            if (at->first_piece + n >= shape_.file_pieces(at->file)) break;
            place(
                at->file, at->first_piece + n, here,
                {content, file, std::uint64_t{first} * shape.piece_bytes() + std::uint64_t{n} * shape_.piece_bytes()});
          }
        }
      }
    }
  }

  std::vector<piece_place> take() && { return std::move(places_); }

 private:
  // Consecutive pieces of a file that is wanted, and the hash over them.
  struct node {
    digest hash;
    file_index file;
    std::uint32_t first_piece;  // within the file
  };
  static bool by_hash(const node& a, const node& b) { return a.hash < b.hash; }

  static digest raised(std::span<const digest> pieces, std::uint32_t piece_bytes, std::uint32_t node_bytes) {
    if (piece_bytes == node_bytes) return pieces.front();
    return merkle_root(pieces, height_of(piece_bytes), node_bytes / piece_bytes);
  }

  std::uint32_t index_of(file_index file, std::uint32_t piece) const {
    return shape_.file_first_piece(file).value() + piece;
  }

  bool is_wanted(file_index file, std::uint32_t piece) const {
    const std::uint32_t index = index_of(file, piece);
    return missing_.test(index) && (places_.empty() || !places_[index].known());
  }

  bool is_missing(file_index file) const {
    for (std::uint32_t n = 0; n < shape_.file_pieces(file); ++n) {
      if (is_wanted(file, n)) return true;
    }
    return false;
  }

  void place(file_index file, std::uint32_t piece, const known_pieces& here, const piece_place& where) {
    if (!is_wanted(file, piece)) return;
    const std::uint32_t index = index_of(file, piece);
    const geometry& shape = here.info->shape();
    const std::uint64_t end = where.offset + shape_.piece_size(piece_index{index});
    const std::uint32_t first_of_file = shape.file_first_piece(where.file).value();
    for (std::uint64_t n = where.offset / shape.piece_bytes(); n * shape.piece_bytes() < end; ++n) {
      if (!here.verified.test(first_of_file + static_cast<std::uint32_t>(n))) return;
    }
    if (places_.empty()) places_.resize(shape_.piece_count());
    places_[index] = where;
  }

  // All that is wanted of files with several pieces, in nodes of so many bytes.
  const std::vector<node>& nodes_of(std::uint32_t node_bytes) {
    const auto known = nodes_.find(node_bytes);
    if (known != nodes_.end()) return known->second;
    std::vector<node>& nodes = nodes_[node_bytes];
    const std::uint32_t pieces_in_node = node_bytes / shape_.piece_bytes();
    for (std::uint32_t i = 0; i < wanted_.files().size(); ++i) {
      const file_index file{i};
      const std::uint32_t pieces = shape_.file_pieces(file);
      if (pieces < 2) continue;
      const std::span<const digest> layer = wanted_.layer(file);
      for (std::uint32_t first = 0; first < pieces; first += pieces_in_node) {
        const std::uint32_t count = std::min(pieces_in_node, pieces - first);
        bool wanted = false;
        for (std::uint32_t n = 0; n < count; ++n) wanted = wanted || is_wanted(file, first + n);
        if (wanted) {
          nodes.push_back({raised(layer.subspan(first, count), shape_.piece_bytes(), node_bytes), file, first});
        }
      }
    }
    std::ranges::sort(nodes, by_hash);
    return nodes;
  }

  const metainfo& wanted_;
  const geometry& shape_;
  const bitmap& missing_;
  std::unordered_map<digest, std::vector<file_index>> by_root_;
  std::map<std::uint32_t, std::vector<node>> nodes_;  // by their bytes
  std::vector<piece_place> places_;
};

}  // namespace

std::vector<piece_place> find_same_content(const metainfo& wanted, const bitmap& missing,
                                           std::span<const known_pieces> here) {
  search all(wanted, missing);
  for (std::uint32_t i = 0; i < here.size(); ++i) all.look_for_files(here[i], i);
  for (std::uint32_t i = 0; i < here.size(); ++i) all.look_for_pieces(here[i], i);
  return std::move(all).take();
}

}  // namespace shoal
