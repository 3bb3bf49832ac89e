#include "gateway/request_target.hpp"

#include <array>

#include "core/utf8.hpp"

namespace shoal {

namespace {

int digit_of(char one) {
  if (one >= '0' && one <= '9') return one - '0';
  if (one >= 'a' && one <= 'f') return one - 'a' + 10;
  if (one >= 'A' && one <= 'F') return one - 'A' + 10;
  return -1;
}

bool is_unreserved(char one) {
  return (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') || (one >= '0' && one <= '9') || one == '-' ||
         one == '.' || one == '_' || one == '~';
}

}  // namespace

result<std::string> decoded_text(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char one = text[i];
    if (one == '%') {
      const int high = i + 2 < text.size() ? digit_of(text[i + 1]) : -1;
      const int low = high >= 0 ? digit_of(text[i + 2]) : -1;
      if (low < 0) return error{errc::malformed, "the URL has a '%' without two hexadecimal digits behind it"};
      one = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (one == '\0') return error{errc::malformed, "the URL has a NUL in it"};
    plain += one;
  }
  // No share, file or parameter has such a name, and an answer could not repeat it in JSON.
  if (!is_utf8(plain)) return error{errc::malformed, "the URL is not UTF-8"};
  return plain;
}

result<request_target> parse_target(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    const std::size_t path = text.find('/', scheme.size());
    text = path == std::string_view::npos ? std::string_view("/") : text.substr(path);
    break;
  }
  if (!text.starts_with('/')) return error{errc::malformed, "the URL does not begin with '/'"};
  text = text.substr(0, text.find('#'));
  request_target target;
  const std::size_t question = text.find('?');
  if (question != std::string_view::npos) target.query = text.substr(question + 1);
  auto path = decoded_text(text.substr(0, question));
  if (!path) return path.error();
  target.path = std::move(*path);
  return target;
}

std::optional<content_target> content_of(const request_target& target) {
  constexpr std::string_view root = "/s/";
  std::string_view rest = target.path;
  if (!rest.starts_with(root)) return std::nullopt;
  rest.remove_prefix(root.size());
  content_target content;
  const std::size_t slash = rest.find('/');
  content.share = rest.substr(0, slash);
  if (slash == std::string_view::npos) return content;
  rest.remove_prefix(slash + 1);
  content.folder = rest.empty() || rest.ends_with('/');
  if (rest.ends_with('/')) rest.remove_suffix(1);
  content.path = rest;
  return content;
}

std::optional<std::string_view> query_value(std::string_view query, std::string_view key) {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view one = query.substr(0, end);
    const std::size_t equals = one.find('=');
    if (one.substr(0, equals) == key) {
      return equals == std::string_view::npos ? std::string_view() : one.substr(equals + 1);
    }
    if (end == std::string_view::npos) break;
    query.remove_prefix(end + 1);
  }
  return std::nullopt;
}

std::string escaped_path(std::string_view path) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (const char one : path) {
    if (is_unreserved(one) || one == '/') {
      text += one;
      continue;
    }
    const auto byte = static_cast<unsigned char>(one);
    text += '%';
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

}  // namespace shoal
