#include "directory/json_items.hpp"

#include <algorithm>
#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/value_stack.hpp>
#include <limits>
#include <optional>
#include <utility>

namespace shoal::tracking {

namespace {

namespace json = boost::json;

/// Room for the values of a usual item. Only a long one takes memory from the heap.
constexpr std::size_t item_bytes = 8 * KiB;
/// Longer than any text of a message; the rest of a longer one says nothing more.
constexpr std::size_t member_bytes_max = 4 * KiB;
/// Keys are words. The rest of a longer one says nothing more.
constexpr std::size_t key_bytes_max = 64;

/// Called by Boost's parser for each token (boost/json/basic_parser.hpp).
class handler {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

  explicit handler(json_items_receiver& to) : to_(to) { memory_.emplace(buffer_.data(), buffer_.size()); }

  const std::string& refusal() const { return refusal_; }
  bool is_object() const { return is_object_; }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code& ec) {
    if (depth_ == 0) is_object_ = true;
    if (depth_ == 1) to_.on_member(key_, nullptr);
    return open(ec, depth_ == 2 && in_list_);
  }
  bool on_object_end(std::size_t members, json::error_code& ec) {
    if (building_) stack_.push_object(members);
    return close(ec);
  }
  bool on_array_begin(json::error_code& ec) {
    if (depth_ == 1) in_list_ = to_.on_list(key_);
    return open(ec, depth_ == 2 && in_list_);
  }
  bool on_array_end(std::size_t items, json::error_code& ec) {
    if (building_) stack_.push_array(items);
    if (depth_ == 2) in_list_ = false;
    return close(ec);
  }
  bool on_key_part(json::string_view text, std::size_t, json::error_code& ec) { return take_key(text, false, ec); }
  bool on_key(json::string_view text, std::size_t, json::error_code& ec) { return take_key(text, true, ec); }
  bool on_string_part(json::string_view text, std::size_t, json::error_code& ec) {
    if (!charge(text.size(), 0, ec)) return false;
    if (is_item_part()) {
      begin_scalar();
      stack_.push_chars(text);
    } else if (depth_ == 1) {
      add(text_, text, member_bytes_max);
    }
    return true;
  }
  bool on_string(json::string_view text, std::size_t, json::error_code& ec) {
    if (!charge(text.size(), 1, ec)) return false;
    if (is_item_part()) {
      begin_scalar();
      stack_.push_string(text);
      return end_scalar(ec);
    }
    if (depth_ == 1) {
      add(text_, text, member_bytes_max);
      to_.on_member(key_, json::value(json::string(text_)));
      text_.clear();
    }
    return true;
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t number, json::string_view, json::error_code& ec) {
    return scalar(ec, json::value(number), [&] { stack_.push_int64(number); });
  }
  bool on_uint64(std::uint64_t number, json::string_view, json::error_code& ec) {
    return scalar(ec, json::value(number), [&] { stack_.push_uint64(number); });
  }
  bool on_double(double number, json::string_view, json::error_code& ec) {
    return scalar(ec, json::value(number), [&] { stack_.push_double(number); });
  }
  bool on_bool(bool flag, json::error_code& ec) {
    return scalar(ec, json::value(flag), [&] { stack_.push_bool(flag); });
  }
  bool on_null(json::error_code& ec) {
    return scalar(ec, json::value(nullptr), [&] { stack_.push_null(); });
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  static void add(std::string& to, json::string_view text, std::size_t bytes_max) {
    const std::size_t room = bytes_max - std::min(bytes_max, to.size());
    to.append(text.data(), std::min<std::size_t>(room, text.size()));
  }
  /// What comes is an item, or is within one.
  bool is_item_part() const { return building_ || (depth_ == 2 && in_list_); }
  bool stop(json::error_code& ec, const char* why) {
    if (refusal_.empty()) refusal_ = why;
    ec = json::error::exception;
    return false;
  }
  bool charge(std::size_t bytes, std::size_t values, json::error_code& ec) {
    if (!is_item_part()) return true;
    bytes_ += bytes;
    values_ += values;
    const bool fits = bytes_ <= json_items::bytes_per_item_max && values_ <= json_items::values_per_item_max;
    return fits || stop(ec, "an item of a list is too large");
  }
  bool open(json::error_code& ec, bool item_begins) {
    if (!charge(0, 1, ec)) return false;
    if (item_begins) {
      building_ = true;
      stack_.reset(&*memory_);
    }
    ++depth_;
    return true;
  }
  bool close(json::error_code& ec) {
    --depth_;
    if (!building_ || depth_ != 2) return true;
    building_ = false;
    return hand_over(ec);
  }
  bool take_key(json::string_view text, bool whole, json::error_code& ec) {
    if (!charge(text.size(), whole ? 1 : 0, ec)) return false;
    if (building_) {
      if (whole) stack_.push_key(text);
      if (!whole) stack_.push_chars(text);
    } else if (depth_ == 1) {
      if (std::exchange(key_ended_, whole)) key_.clear();
      add(key_, text, key_bytes_max);
    }
    return true;
  }
  void begin_scalar() {
    if (!building_ && !std::exchange(scalar_begun_, true)) stack_.reset(&*memory_);
  }
  bool end_scalar(json::error_code& ec) { return building_ || hand_over(ec); }
  template <class Push>
  bool scalar(json::error_code& ec, const json::value& value, Push push) {
    if (!charge(0, 1, ec)) return false;
    if (is_item_part()) {
      begin_scalar();
      push();
      return end_scalar(ec);
    }
    if (depth_ == 1) to_.on_member(key_, value);
    return true;
  }
  bool hand_over(json::error_code& ec) {
    bool goes_on = false;
    {
      const json::value item = stack_.release();
      goes_on = to_.on_item(item);
    }
    // A new one: each block that one takes from the heap is twice as large as the last.
    memory_.emplace(buffer_.data(), buffer_.size());
    scalar_begun_ = false;
    bytes_ = 0;
    values_ = 0;
    return goes_on || stop(ec, "");
  }

  json_items_receiver& to_;
  std::array<unsigned char, item_bytes> buffer_;
  std::optional<json::monotonic_resource> memory_;
  json::value_stack stack_;
  std::string key_;   ///< of the member
  std::string text_;  ///< of a member
  std::string refusal_;
  std::size_t depth_ = 0;
  std::size_t bytes_ = 0;   ///< of the item
  std::size_t values_ = 0;  ///< of the item
  bool key_ended_ = true;
  bool in_list_ = false;   ///< in a list that is wanted
  bool building_ = false;  ///< in an item that is a list or an object
  bool scalar_begun_ = false;
  bool is_object_ = false;
};

json::parse_options options() {
  json::parse_options chosen;
  chosen.max_depth = json_items::depth_max;
  return chosen;
}

}  // namespace

struct json_items::parser {
  explicit parser(json_items_receiver& to) : of(options(), to) {}

  std::optional<std::string> write(bool more, std::string_view piece) {
    if (of.done()) return piece.find_first_not_of(" \t\r\n") == piece.npos ? std::nullopt : extra();
    json::error_code ec;
    const std::size_t taken = of.write_some(more, piece.data(), piece.size(), ec);
    if (!of.handler().refusal().empty()) return of.handler().refusal();
    if (ec) return "not JSON: " + ec.message();
    if (taken != piece.size()) return extra();
    return std::nullopt;
  }
  static std::optional<std::string> extra() { return "not JSON: extra data"; }

  json::basic_parser<handler> of;
};

json_items::json_items(json_items_receiver& to) : parser_(std::make_unique<parser>(to)) {}

json_items::~json_items() = default;

std::optional<std::string> json_items::write(std::string_view piece) {
  return parser_->write(true, piece);
}

std::optional<std::string> json_items::finish() {
  if (auto wrong = parser_->write(false, "")) return wrong;
  if (!parser_->of.handler().is_object()) return "not a JSON object";
  return std::nullopt;
}

}  // namespace shoal::tracking
