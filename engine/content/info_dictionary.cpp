#include "content/info_dictionary.hpp"

#include <algorithm>
#include <bit>
#include <iterator>
#include <tuple>

#include "content/geometry.hpp"
#include "content/hybrid.hpp"
#include "content/metainfo.hpp"
#include "content/relative_path.hpp"

namespace shoal {

namespace {

using bencode::kind;
using bencode::value;

/// A folder that holds a single file looks like a single file in BEP 52. Libtorrent's creator tells the two
/// apart by a file name that differs from `name`; where they are equal, this key says that it is a folder.
constexpr std::string_view folder_key = "shoal.folder";

error malformed(std::string text) {
  return {errc::malformed, "torrent: " + std::move(text)};
}

std::vector<std::string_view> elements_of(std::string_view path) {
  std::vector<std::string_view> elements;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    elements.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return elements;
}

/// Bytes of all paths and targets of one share. A hostile dictionary names a long folder once, and each of its files
/// then holds it; of files_max files each may have a path of 500 bytes.
constexpr std::uint64_t paths_bytes_max = std::uint64_t{files_max} * 500;

error never_finishes(const std::string& path, const std::string& why) {
  return malformed("\"" + path + "\" can never be complete, " + why + ": create the torrent again");
}

/// Files with one root have one size, since the root covers where the content ends.
result<void> check_roots(const std::vector<file_entry>& files) {
  std::vector<const file_entry*> by_root;
  for (const file_entry& file : files) {
    if (file.size > 0) by_root.push_back(&file);
  }
  std::ranges::sort(by_root, {}, [](const file_entry* file) { return std::tie(file->root, file->size); });
  const auto twins = std::ranges::adjacent_find(by_root, [](const file_entry* one, const file_entry* next) {
    return one->root == next->root && one->size != next->size;
  });
  if (twins == by_root.end()) return {};
  const file_entry& shorter = **twins;
  const file_entry& longer = **std::next(twins);
  return never_finishes(longer.path, "\"" + shorter.path + "\" has the same pieces root and another size");
}

/// Walks a file tree and checks each entry.
class tree_reader {
 public:
  tree_reader(std::vector<file_entry>& files, std::uint32_t piece_bytes) : files_(files), piece_bytes_(piece_bytes) {}

  result<void> read_directory(const value& directory, const std::string& path, std::uint32_t depth) {
    if (depth > path_depth_max) return malformed("the file tree is too deep");
    if (directory.dictionary().empty() && !path.empty()) {
      file_entry entry;
      entry.path = path;
      entry.type = file_entry::kind::empty_directory;
      return add(std::move(entry));
    }
    for (const bencode::member& item : directory.dictionary()) {
      const std::string below = path.empty() ? std::string(item.key) : path + '/' + std::string(item.key);
      if (const auto checked = check_path_element(item.key); !checked) return malformed(checked.error().text);
      if (below.size() > path_bytes_max) return malformed("a path of the file tree is too long");
      if (!item.content.is_dictionary()) return malformed("\"" + below + "\" is not a dictionary");
      const auto& members = item.content.dictionary();
      const bool is_file = !members.empty() && members.front().key.empty();
      if (is_file && members.size() > 1) return malformed("\"" + below + "\" is both a file and a directory");
      const auto read =
          is_file ? read_file(members.front().content, below) : read_directory(item.content, below, depth + 1);
      if (!read) return read;
    }
    return {};
  }

  /// To be called when all directories are read.
  result<void> resolve_links() {
    for (const unresolved_link& link : links_) {
      if (const auto resolved = resolve(files_[link.file], *link.target); !resolved) return resolved;
    }
    return {};
  }

 private:
  result<void> read_file(const value& properties, const std::string& path) {
    file_entry entry;
    entry.path = path;
    const value* attributes = properties.find("attr", kind::string);
    const auto has = [&](char flag) {
      return attributes != nullptr && attributes->string().find(flag) != std::string_view::npos;
    };
    const value* length = properties.find("length", kind::integer);
    if (has('l')) {
      if (length != nullptr && length->integer() != 0) return malformed("symlink \"" + path + "\" has a length");
      entry.type = file_entry::kind::symlink;
      if (auto read = read_target(properties, entry); !read) return read;
      return add(std::move(entry));
    }
    if (has('p')) {
      return malformed("\"" + path + "\" is a padding file, and version 2 has none: create the torrent again");
    }
    entry.executable = has('x');
    if (length == nullptr || length->integer() < 0) return malformed("\"" + path + "\" has no valid length");
    entry.size = static_cast<std::uint64_t>(length->integer());
    if (entry.size > 0) {
      const value* root = properties.find("pieces root", kind::string);
      const auto found = root != nullptr ? digest::from_bytes(as_bytes(root->string())) : std::nullopt;
      if (!found) return malformed("\"" + path + "\" has no valid pieces root");
      entry.root = *found;
      if (entry.root == digest{}) return never_finishes(path, "its pieces root is all zeros");
    }
    return add(std::move(entry));
  }

  /// Takes the elements only. What they count from is known when all entries are known.
  result<void> read_target(const value& properties, const file_entry& entry) {
    const value* target = properties.find("symlink path", kind::list);
    if (target == nullptr || target->list().empty()) return malformed("symlink \"" + entry.path + "\" has no target");
    if (target->list().size() > 2 * path_depth_max) return malformed("symlink \"" + entry.path + "\" is too long");
    for (const value& element : target->list()) {
      if (!element.is_string()) return malformed("symlink \"" + entry.path + "\" has no valid target");
    }
    links_.push_back({files_.size(), target});
    return {};
  }

  /// The path that the elements of a target name, counted from a directory of the share ("" is its root).
  static result<std::string> target_from(const std::string& directory, const value& target) {
    std::vector<std::string_view> elements;
    if (!directory.empty()) elements = elements_of(directory);
    for (const value& element : target.list()) {
      if (element.string() == ".") continue;
      if (element.string() != "..") {
        elements.push_back(element.string());
        continue;
      }
      if (elements.empty()) return malformed("it leaves the share");
      elements.pop_back();
    }
    std::string path;
    for (const std::string_view element : elements) {
      if (!path.empty()) path += '/';
      path += element;
      if (element.empty()) return malformed("it leaves the share");
    }
    if (const auto checked = check_relative_path(path); !checked) return checked.error();
    return path;
  }

  /// An entry, or a directory that holds one.
  bool names_something(const std::string& path) const {
    const auto at = std::ranges::lower_bound(files_, path, &tree_order, &file_entry::path);
    if (at == files_.end()) return false;
    return at->path == path || (at->path.starts_with(path) && at->path[path.size()] == '/');
  }

  /// BEP 47 counts from the share's root. Libtorrent's creator may write a link's text as it is, which counts from the
  /// link's directory. ".." means the latter. It is also meant if the target is in the share only so.
  result<void> resolve(file_entry& link, const value& target) const {
    const std::size_t slash = link.path.rfind('/');
    const auto from_root = target_from("", target);
    const auto from_link = target_from(slash == std::string::npos ? "" : link.path.substr(0, slash), target);
    if (!from_root && !from_link) return malformed("symlink \"" + link.path + "\": " + from_root.error().text);
    const bool climbs =
        std::ranges::any_of(target.list(), [](const value& element) { return element.string() == ".."; });
    const auto& first = climbs ? from_link : from_root;
    const auto& second = climbs ? from_root : from_link;
    const bool other_way = !first || (!names_something(*first) && second && names_something(*second));
    link.symlink_target = other_way ? *second : *first;
    return {};
  }

  result<void> add(file_entry entry) {
    if (files_.size() == files_max) return error{errc::limit, "torrent: more than 1,000,000 files; split the share"};
    if (entry.size > share_bytes_max - total_bytes_) {
      return error{errc::limit, "torrent: larger than 32 TiB; split the share"};
    }
    paths_bytes_ += entry.path.size() + entry.symlink_target.size();
    if (paths_bytes_ > paths_bytes_max) {
      return error{errc::limit, "torrent: its paths are longer than 500 MB together; split the share"};
    }
    total_bytes_ += entry.size;
    pieces_ += entry.size / piece_bytes_ + (entry.size % piece_bytes_ != 0 ? 1 : 0);
    if (pieces_ > pieces_max) return error{errc::limit, "torrent: too many pieces; use larger ones"};
    if (pieces_ * std::max<std::uint64_t>(1, piece_bytes_ / chunk_bytes_max) > chunks_max) {
      return error{errc::limit, "torrent: too many small files for so large a piece; use smaller pieces"};
    }
    files_.push_back(std::move(entry));
    return {};
  }

  struct unresolved_link {
    std::size_t file;
    const value* target;
  };

  std::vector<file_entry>& files_;
  std::vector<unresolved_link> links_;
  std::uint64_t piece_bytes_;
  std::uint64_t total_bytes_ = 0;
  std::uint64_t paths_bytes_ = 0;
  std::uint64_t pieces_ = 0;
};

result<std::uint32_t> read_piece_bytes(const value& info) {
  const value* found = info.find("piece length", kind::integer);
  const std::int64_t bytes = found != nullptr ? found->integer() : 0;
  if (bytes < block_bytes || bytes > piece_bytes_accepted_max ||
      !std::has_single_bit(static_cast<std::uint64_t>(bytes))) {
    return malformed("the piece length must be a power of two from 16 KiB to 128 MiB");
  }
  return static_cast<std::uint32_t>(bytes);
}

}  // namespace

bool is_version_1(const value& info) {
  return info.find("meta version") == nullptr && info.find("pieces") != nullptr;
}

result<info_fields> read_info(const value& info) {
  if (!info.is_dictionary()) return malformed("the info is not a dictionary");
  const value* version = info.find("meta version", kind::integer);
  if (is_version_1(info)) {
    return malformed("it is of BitTorrent version 1 only; create it again as a version 2 or hybrid torrent");
  }
  if (version == nullptr || version->integer() < 2) return malformed("the meta version is missing or not 2");
  if (version->integer() > 2) return malformed("its meta version is newer than 2; a newer program may read it");
  info_fields fields;
  const value* name = info.find("name", kind::string);
  if (name == nullptr) return malformed("it has no name");
  if (const auto checked = check_path_element(name->string()); !checked) {
    return malformed("its name cannot be a file name: " + checked.error().text);
  }
  fields.name = name->string();
  const auto piece_bytes = read_piece_bytes(info);
  if (!piece_bytes) return piece_bytes.error();
  fields.piece_bytes = *piece_bytes;
  const value* tree = info.find("file tree", kind::dictionary);
  if (tree == nullptr) return malformed("it has no file tree");
  tree_reader reader(fields.files, fields.piece_bytes);
  if (const auto read = reader.read_directory(*tree, "", 1); !read) return read.error();
  if (const auto resolved = reader.resolve_links(); !resolved) return resolved.error();
  if (const auto checked = check_roots(fields.files); !checked) return checked.error();
  if (const auto checked = check_hybrid(info, fields.files); !checked) return checked.error();
  const value* is_private = info.find("private", kind::integer);
  fields.is_private = is_private != nullptr && is_private->integer() != 0;
  fields.folder = info.find(folder_key) != nullptr || fields.files.size() != 1 ||
                  fields.files[0].type != file_entry::kind::regular || fields.files[0].path != fields.name;
  return fields;
}

byte_buffer write_info(const info_fields& fields) {
  bencode::writer out;
  out.begin_dictionary().key("file tree").begin_dictionary();
  std::vector<std::string_view> open;
  for (const file_entry& file : fields.files) {
    const auto elements = elements_of(file.path);
    std::size_t common = 0;
    while (common < open.size() && common + 1 < elements.size() && open[common] == elements[common]) ++common;
    for (; open.size() > common; open.pop_back()) out.end();
    for (; common + 1 < elements.size(); ++common) {
      out.key(elements[common]).begin_dictionary();
      open.push_back(elements[common]);
    }
    out.key(elements.back()).begin_dictionary();
    if (file.type != file_entry::kind::empty_directory) {
      out.key("").begin_dictionary();
      if (file.type == file_entry::kind::symlink) {
        out.key("attr").string("l").key("symlink path").begin_list();
        for (const std::string_view element : elements_of(file.symlink_target)) out.string(element);
        out.end();
      } else {
        if (file.executable) out.key("attr").string("x");
        out.key("length").integer(static_cast<std::int64_t>(file.size));
        if (file.size > 0) out.key("pieces root").string(file.root.view());
      }
      out.end();
    }
    out.end();
  }
  for (; !open.empty(); open.pop_back()) out.end();
  out.end().key("meta version").integer(2).key("name").string(fields.name);
  out.key("piece length").integer(fields.piece_bytes);
  const bool looks_like_file = fields.files.size() == 1 && fields.files[0].path == fields.name;
  if (fields.folder && looks_like_file) out.key(folder_key).integer(1);
  return out.end().take();
}

}  // namespace shoal
