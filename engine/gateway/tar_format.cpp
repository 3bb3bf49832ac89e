#include "gateway/tar_format.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <string_view>

namespace shoal {

namespace {

// The fields of a ustar header.
struct field {
  std::size_t at;
  std::size_t bytes;
};
constexpr field name{0, 100};
constexpr field mode{100, 8};
constexpr field user{108, 8};
constexpr field group{116, 8};
constexpr field size{124, 12};
constexpr field mtime{136, 12};
constexpr field checksum{148, 8};
constexpr field type{156, 1};
constexpr field link_name{157, 100};
constexpr field magic_and_version{257, 8};
constexpr field user_name{265, 32};
constexpr field group_name{297, 32};

using block = std::array<char, tar_block_bytes>;

void put_text(block& into, const field& where, std::string_view text) {
  std::copy_n(text.begin(), std::min(text.size(), where.bytes), into.begin() + static_cast<std::ptrdiff_t>(where.at));
}

// In octal digits, as many as there is room for, and a NUL. False if the number needs more.
bool put_number(block& into, const field& where, std::uint64_t number) {
  std::array<char, 24> digits{};
  const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 8).ptr;
  const auto length = static_cast<std::size_t>(end - digits.data());
  const std::size_t room = where.bytes - 1;
  if (length > room) return false;
  put_text(into, where, std::string(room - length, '0') + std::string(digits.data(), length));
  return true;
}

void seal(block& head) {
  // Of the header with blanks in this field.
  put_text(head, checksum, "        ");
  const auto sum = std::accumulate(head.begin(), head.end(), std::uint64_t{0}, [](std::uint64_t so_far, char one) {
    return so_far + static_cast<unsigned char>(one);
  });
  put_number(head, {checksum.at, checksum.bytes - 1}, sum);
}

block header(char kind, std::string_view path, std::uint64_t permissions) {
  block head{};
  put_text(head, name, path);
  put_number(head, mode, permissions);
  put_number(head, user, 0);
  put_number(head, group, 0);
  put_number(head, size, 0);
  put_number(head, mtime, 0);
  put_text(head, type, {&kind, 1});
  put_text(head, magic_and_version,
           {"ustar\0"
            "00",
            8});
  put_text(head, user_name, "root");
  put_text(head, group_name, "root");
  return head;
}

// "27 path=…\n": the number counts itself.
std::string record(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest;
  while (length != rest + std::to_string(length).size()) length = rest + std::to_string(length).size();
  return std::to_string(length) + " " + std::string(key) + "=" + std::string(value) + "\n";
}

std::string_view text_of(const block& bytes) {
  return {bytes.data(), bytes.size()};
}

// A header of the kind 'x', with records about the next entry.
std::string extended(const std::string& records) {
  block head = header('x', "pax", 0644);
  put_number(head, size, records.size());
  seal(head);
  return std::string(text_of(head)) + records + tar_padding(records.size());
}

}  // namespace

std::string tar_head(const tar_entry& entry) {
  const bool folder = entry.is == tar_entry::kind::folder;
  const bool symlink = entry.is == tar_entry::kind::symlink;
  const std::string path = folder ? entry.path + "/" : entry.path;
  const char kind = folder ? '5' : symlink ? '2' : '0';
  block head = header(kind, path, symlink ? 0777 : folder || entry.executable ? 0755 : 0644);
  std::string records;
  if (path.size() > name.bytes) records += record("path", path);
  if (symlink) {
    put_text(head, link_name, entry.target);
    if (entry.target.size() > link_name.bytes) records += record("linkpath", entry.target);
  }
  if (!put_number(head, size, entry.size)) records += record("size", std::to_string(entry.size));
  put_number(head, mtime, static_cast<std::uint64_t>(std::max<std::int64_t>(entry.mtime, 0)));
  seal(head);
  return (records.empty() ? std::string() : extended(records)) + std::string(text_of(head));
}

std::string tar_padding(std::uint64_t content_bytes) {
  const std::uint64_t beyond = content_bytes % tar_block_bytes;
  return std::string(beyond == 0 ? 0 : tar_block_bytes - beyond, '\0');
}

std::string tar_end() {
  return std::string(2 * tar_block_bytes, '\0');
}

}  // namespace shoal
