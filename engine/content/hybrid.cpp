#include "content/hybrid.hpp"

#include <string>
#include <string_view>

namespace shoal {

namespace {

using bencode::kind;
using bencode::value;

struct listed_file {
  std::string path;
  std::int64_t bytes = 0;
};

error contradiction(const std::string& text) {
  return {errc::malformed, "torrent: its version 1 and version 2 parts contradict each other: " + text};
}

bool has_attribute(const value& file, char wanted) {
  const value* attributes = file.find("attr", kind::string);
  return attributes != nullptr && attributes->string().find(wanted) != std::string_view::npos;
}

std::string joined(const value& elements) {
  std::string path;
  for (const value& element : elements.list()) {
    if (!element.is_string()) return {};
    if (!path.empty()) path += '/';
    path += element.string();
  }
  return path;
}

result<std::vector<listed_file>> version_1_files(const value& info) {
  std::vector<listed_file> listed;
  const value* files = info.find("files", kind::list);
  if (files == nullptr) {
    const value* length = info.find("length", kind::integer);
    const value* name = info.find("name", kind::string);
    if (length == nullptr || name == nullptr) return contradiction("version 1 lists no file");
    listed.push_back({std::string(name->string()), length->integer()});
    return listed;
  }
  for (const value& file : files->list()) {
    const value* length = file.find("length", kind::integer);
    const value* path = file.find("path.utf-8", kind::list);
    if (path == nullptr) path = file.find("path", kind::list);
    if (has_attribute(file, 'p') || has_attribute(file, 'l')) continue;
    if (length == nullptr || path == nullptr) return contradiction("a file of version 1 has no length or path");
    listed.push_back({joined(*path), length->integer()});
  }
  return listed;
}

}  // namespace

result<void> check_hybrid(const value& info, const std::vector<file_entry>& files) {
  if (info.find("pieces") == nullptr) return {};
  const auto listed = version_1_files(info);
  if (!listed) return listed.error();
  std::size_t next = 0;
  for (const file_entry& file : files) {
    if (file.type != file_entry::kind::regular) continue;
    if (next == listed->size()) return contradiction("version 1 does not have \"" + file.path + "\"");
    const listed_file& other = (*listed)[next++];
    if (other.path != file.path || static_cast<std::uint64_t>(other.bytes) != file.size) {
      return contradiction("\"" + file.path + "\" is another file in version 1");
    }
  }
  if (next < listed->size()) return contradiction("version 1 has more files than version 2");
  return {};
}

}  // namespace shoal
