#include "directory/tracking_json.hpp"

#include <algorithm>

#include "core/utf8.hpp"

namespace shoal::tracking {

namespace {

bool has_control_character(std::string_view text) {
  while (const auto character = first_character(text)) {
    if (is_control(character->code)) return true;
    text.remove_prefix(character->bytes);
  }
  return false;
}

}  // namespace

void json_reader::refuse(std::string_view key, std::string_view reason) {
  if (!failure_) failure_ = "member \"" + std::string(key) + "\" " + std::string(reason);
}

const boost::json::value* json_reader::find(std::string_view key, presence need) {
  const boost::json::value* found = object_->if_contains(key);
  if (!found && need == presence::required) refuse(key, "is missing");
  return found;
}

void json_reader::text(std::string_view key, std::string& to, std::size_t bytes_max, presence need) {
  const boost::json::value* found = find(key, need);
  if (!found) return;
  if (!found->is_string()) return refuse(key, "is not a string");
  const std::string_view read = found->get_string();
  if (read.size() > bytes_max) return refuse(key, "is longer than " + std::to_string(bytes_max) + " bytes");
  if (has_control_character(read)) return refuse(key, "has control characters");
  to = read;
}

void json_reader::name(std::string_view key, std::string& to) {
  text(key, to, name_bytes_max, presence::required);
  if (to.empty() || to == "." || to == ".." || to.find('/') != std::string::npos) {
    refuse(key, "is not a name: it is empty or a path");
  }
}

std::uint64_t json_reader::read_number(std::string_view key, std::uint64_t fallback, presence need,
                                       std::uint64_t limit) {
  const boost::json::value* found = find(key, need);
  if (!found) return fallback;
  std::uint64_t read = 0;
  if (found->is_uint64()) {
    read = found->get_uint64();
  } else if (found->is_int64() && found->get_int64() >= 0) {
    read = static_cast<std::uint64_t>(found->get_int64());
  } else {
    refuse(key, "is not a whole number from 0");
    return fallback;
  }
  if (read > limit) {
    refuse(key, "is larger than " + std::to_string(limit));
    return fallback;
  }
  return read;
}

void json_reader::flag(std::string_view key, bool& to) {
  const boost::json::value* found = find(key, presence::optional);
  if (!found) return;
  if (!found->is_bool()) return refuse(key, "is neither true nor false");
  to = found->get_bool();
}

void member_reader::check_list(std::string_view key, presence need) {
  if (not_read_.contains(key)) return refuse(key, "comes before the type");
  if (find(key, presence::optional) != nullptr) return refuse(key, "is not a list");
  if (need == presence::required && !read_.contains(key)) refuse(key, "is missing");
}

void json_writer::hand_over() {
  const std::size_t bytes = out_.size() - 1;
  (*parts_)(std::string_view(out_).substr(0, bytes));
  out_.erase(0, bytes);
}

void json_writer::put_comma() {
  const char last = out_.back();
  if (last != '{' && last != '[') out_ += ',';
}

void json_writer::put_key(std::string_view key) {
  put_comma();
  put_string(key);
  out_ += ':';
}

void json_writer::put_string(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  out_ += '"';
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (c == '"' || c == '\\') {
      out_ += '\\';
      out_ += c;
    } else if (byte < 0x20) {
      out_ += "\\u00";
      out_ += digits[byte >> 4];
      out_ += digits[byte & 15];
    } else {
      out_ += c;
    }
  }
  out_ += '"';
}

}  // namespace shoal::tracking
