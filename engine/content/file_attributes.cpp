#include "content/file_attributes.hpp"

#include <string>

#include "content/bencode.hpp"

namespace shoal {

namespace {

constexpr std::size_t time_bytes = 8;
constexpr std::size_t mode_bytes = 2;
/// The dictionary, its keys and the lengths of its strings.
constexpr std::uint32_t frame_bytes_max = 64;

}  // namespace

std::uint32_t attributes_bytes_max(std::uint32_t files) {
  return frame_bytes_max + files * static_cast<std::uint32_t>(time_bytes + mode_bytes);
}

byte_buffer encode_attributes(std::span<const file_attributes> files) {
  byte_buffer times(files.size() * time_bytes);
  byte_buffer modes(files.size() * mode_bytes);
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto time = static_cast<std::uint64_t>(files[i].mtime_ns);
    store_be32(times.data() + i * time_bytes, static_cast<std::uint32_t>(time >> 32));
    store_be32(times.data() + i * time_bytes + 4, static_cast<std::uint32_t>(time));
    const auto mode = static_cast<std::uint16_t>(files[i].mode & mode_bits);
    modes[i * mode_bytes] = static_cast<std::uint8_t>(mode >> 8);
    modes[i * mode_bytes + 1] = static_cast<std::uint8_t>(mode);
  }
  bencode::writer out;
  out.begin_dictionary().key("modes").string(modes).key("times").string(times).end();
  return out.take();
}

result<std::vector<file_attributes>> decode_attributes(byte_view list, std::uint32_t files) {
  const auto parsed = bencode::parse(list);
  if (!parsed) return error{errc::malformed, "file attributes: " + parsed.error().text};
  const bencode::value* times = parsed->find("times", bencode::kind::string);
  const bencode::value* modes = parsed->find("modes", bencode::kind::string);
  if (times == nullptr || times->string().size() != files * time_bytes || modes == nullptr ||
      modes->string().size() != files * mode_bytes) {
    return error{errc::malformed,
                 "file attributes: not those of " + std::to_string(files) + (files == 1 ? " file" : " files")};
  }
  std::vector<file_attributes> read(files);
  const std::uint8_t* time = as_bytes(times->string()).data();
  const std::uint8_t* mode = as_bytes(modes->string()).data();
  for (file_attributes& file : read) {
    file.mtime_ns = static_cast<std::int64_t>(std::uint64_t{load_be32(time)} << 32 | load_be32(time + 4));
    file.mode = static_cast<std::uint16_t>((mode[0] << 8 | mode[1]) & mode_bits);
    time += time_bytes;
    mode += mode_bytes;
  }
  return read;
}

}  // namespace shoal
