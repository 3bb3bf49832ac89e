#include "net/access_token.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "core/base64.hpp"
#include "core/bytes.hpp"
#include "store/printable.hpp"
#include "store/secret_file.hpp"

namespace shoal {

namespace {

constexpr std::size_t token_bytes = 32;
constexpr std::size_t token_digits = 2 * token_bytes;

std::string path_in(const std::string& state_directory) {
  return state_directory + "/token";
}

bool is_same(std::string_view given, std::string_view token) {
  return given.size() == token.size() && CRYPTO_memcmp(given.data(), token.data(), token.size()) == 0;
}

/// What stands behind the name of the scheme, which may be in any case (RFC 9110, 11.1). "" of another scheme.
std::string_view credentials(std::string_view header, std::string_view scheme) {
  if (header.size() <= scheme.size() || header[scheme.size()] != ' ') return {};
  const auto same = [](char a, char b) { return (a | 0x20) == b; };
  if (!std::equal(scheme.begin(), scheme.end(), header.begin(), [&](char a, char b) { return same(b, a); })) return {};
  header.remove_prefix(scheme.size());
  const std::size_t first = header.find_first_not_of(' ');
  return first == std::string_view::npos ? std::string_view() : header.substr(first);
}

}  // namespace

bool access_token::is_token(std::string_view text) {
  return text.size() == token_digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

result<access_token> access_token::read(const std::string& state_directory) {
  const std::string path = path_in(state_directory);
  std::error_code ec;
  if (!std::filesystem::exists(path, ec)) {
    return error{errc::not_found, "there is no token in " + printable(state_directory) + ": the first peer makes it"};
  }
  return read_file(path);
}

result<access_token> access_token::read_file(const std::string& path) {
  auto text = read_secret_file(path);
  if (!text) return text.error();
  while (text->ends_with('\n')) text->pop_back();
  if (is_token(*text)) return access_token(std::move(*text));
  return error{
      errc::malformed,
      printable(path) + " holds no token of 64 hexadecimal digits: remove it, and start a peer, which makes one"};
}

result<access_token> access_token::open(const std::string& state_directory) {
  auto found = read(state_directory);
  if (found || found.error().code != errc::not_found) return found;
  std::array<std::uint8_t, token_bytes> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
    return error{errc::internal, "there are no random numbers for a token"};
  }
  std::string text = to_hex(random);
  if (const auto written = write_secret_file(path_in(state_directory), text + "\n"); !written) return written.error();
  return access_token(std::move(text));
}

bool access_token::is_in(std::string_view authorization) const {
  return is_same(credentials(authorization, "bearer"), text_);
}

bool access_token::lets_read(std::string_view authorization) const {
  if (is_in(authorization)) return true;
  const auto decoded = from_base64(credentials(authorization, "basic"));
  if (!decoded) return false;
  // "USER:PASSWORD"; a user has no colon (RFC 7617, 2).
  const std::string_view both(reinterpret_cast<const char*>(decoded->data()), decoded->size());
  const std::size_t colon = both.find(':');
  return colon != std::string_view::npos && is_same(both.substr(colon + 1), text_);
}

}  // namespace shoal
