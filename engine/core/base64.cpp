#include "core/base64.hpp"

#include <openssl/evp.h>

#include <limits>

namespace shoal {

std::string to_base64(byte_view bytes) {
  // OpenSSL ends the text with a zero byte, where std::string has one.
  std::string text((bytes.size() + 2) / 3 * 4, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(), static_cast<int>(bytes.size()));
  return text;
}

std::optional<byte_buffer> from_base64(std::string_view text) {
  if (text.size() % 4 != 0 || text.size() > std::numeric_limits<int>::max()) return std::nullopt;
  byte_buffer bytes(text.size() / 4 * 3);
  const auto* digits = reinterpret_cast<const unsigned char*>(text.data());
  const int decoded = EVP_DecodeBlock(bytes.data(), digits, static_cast<int>(text.size()));
  if (decoded < 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  if (static_cast<std::size_t>(decoded) != bytes.size()) return std::nullopt;
  bytes.resize(bytes.size() - padding);
  // OpenSSL takes blanks around it and bits that stand for nothing.
  if (to_base64(bytes) != text) return std::nullopt;
  return bytes;
}

}  // namespace shoal
