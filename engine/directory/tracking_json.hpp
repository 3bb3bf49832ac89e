// Archives of the live messages. One reads members of a JSON object and checks them; the other writes them.
//
// Both have the same member functions. So tracking.cpp, their only user, describes each struct once. A message is read
// in parts: item_reader reads the items of its lists as they come, and member_reader reads the rest at the end. A
// reader keeps the first failure. After a failure it reads on, and what it read is thrown away. Pure.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/bytes.hpp"
#include "core/error.hpp"
#include "core/ids.hpp"
#include "directory/tracking.hpp"

namespace shoal::tracking {

/// Whether a message without the member is refused, or gets the default of the struct.
enum class presence { required, optional };

class json_reader {
 public:
  /// Only the size of the message limits the rows.
  static constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

  json_reader() = default;
  explicit json_reader(const boost::json::object& object) : object_(&object) {}

  /// What is wrong with the message, if anything.
  const std::optional<std::string>& failure() const { return failure_; }
  /// Keeps the first failure: `key` names the member.
  void refuse(std::string_view key, std::string_view reason);

  template <class Tag, std::size_t Bytes>
  void id(std::string_view key, opaque_id<Tag, Bytes>& to) {
    if (const auto* found = find(key, presence::required)) read_id(key, *found, to);
  }

  /// All zero means none.
  template <class Tag, std::size_t Bytes>
  void optional_id(std::string_view key, opaque_id<Tag, Bytes>& to) {
    if (const auto* found = find(key, presence::optional)) read_id(key, *found, to);
  }

  template <class Tag, std::size_t Bytes>
  void ids(std::string_view key, std::vector<opaque_id<Tag, Bytes>>& to, presence need,
           std::size_t count_max = no_limit) {
    each(key, to, need, count_max, [&](const boost::json::value& from, auto& item) { read_id(key, from, item); });
  }

  /// Text for people: UTF-8 without control characters, at most `bytes_max` bytes.
  void text(std::string_view key, std::string& to, std::size_t bytes_max, presence need);
  /// Like text(), but not empty, not "." or "..", and without '/'. At most name_bytes_max bytes.
  void name(std::string_view key, std::string& to);

  template <class Integer>
  void number(std::string_view key, Integer& to, presence need,
              std::uint64_t limit = std::numeric_limits<Integer>::max()) {
    to = static_cast<Integer>(read_number(key, to, need, limit));
  }

  /// 0 means that there is no such member.
  template <class Integer>
  void optional_number(std::string_view key, Integer& to, std::uint64_t limit) {
    number(key, to, presence::optional, limit);
  }

  void flag(std::string_view key, bool& to);

  /// Objects; `fields` reads each of them.
  template <class Row>
  void rows(std::string_view key, std::vector<Row>& to, presence need, std::size_t count_max = no_limit) {
    each(key, to, need, count_max, [&](const boost::json::value& from, Row& item) { read_row(key, from, item); });
  }

  /// One item of the list `key`.
  template <class Row>
  void read_row(std::string_view key, const boost::json::value& from, Row& item) {
    if (!from.is_object()) return refuse(key, "is not a list of objects");
    const boost::json::object* outer = std::exchange(object_, &from.get_object());
    fields(*this, item);
    object_ = outer;
  }
  template <class Id>
  void read_id(std::string_view key, const boost::json::value& from, Id& to) {
    std::optional<Id> read;
    if (from.is_string() && from.get_string().size() == 2 * Id::size) read = Id::from_hex(from.get_string());
    if (!read) return refuse(key, "is not an id in hexadecimal");
    to = *read;
  }

 protected:
  const boost::json::value* find(std::string_view key, presence need);

 private:
  std::uint64_t read_number(std::string_view key, std::uint64_t fallback, presence need, std::uint64_t limit);

  template <class Item, class Read>
  void each(std::string_view key, std::vector<Item>& to, presence need, std::size_t count_max, Read read) {
    const boost::json::value* found = find(key, need);
    if (!found) return;
    if (!found->is_array()) return refuse(key, "is not a list");
    const boost::json::array& items = found->get_array();
    if (items.size() > count_max) return refuse(key, "has too many items; split the message");
    to.reserve(items.size());
    for (const boost::json::value& item : items) {
      if (failure_) return;
      read(item, to.emplace_back());
    }
  }

  const boost::json::object* object_ = nullptr;
  std::optional<std::string> failure_;
};

/// Finds out whether a message has a list of this name.
class list_finder {
 public:
  explicit list_finder(std::string_view key) : key_(key) {}
  bool found() const { return found_; }

  void refuse(std::string_view, std::string_view) {}
  void id(std::string_view, const auto&) {}
  void optional_id(std::string_view, const auto&) {}
  void text(std::string_view, const std::string&, std::size_t, presence) {}
  void name(std::string_view, const std::string&) {}
  void number(std::string_view, const auto&, presence, std::uint64_t = 0) {}
  void optional_number(std::string_view, const auto&, std::uint64_t) {}
  void flag(std::string_view, bool) {}
  void ids(std::string_view key, const auto&, presence, std::size_t = 0) { found_ |= key == key_; }
  void rows(std::string_view key, const auto&, presence, std::size_t = 0) { found_ |= key == key_; }

 private:
  std::string_view key_;
  bool found_ = false;
};

/// Reads one item of the list `key` behind those that were read.
class item_reader {
 public:
  item_reader(std::string_view key, const boost::json::value& item) : key_(key), item_(item) {}
  const std::optional<std::string>& failure() const { return reader_.failure(); }

  void refuse(std::string_view, std::string_view) {}
  void id(std::string_view, const auto&) {}
  void optional_id(std::string_view, const auto&) {}
  void text(std::string_view, const std::string&, std::size_t, presence) {}
  void name(std::string_view, const std::string&) {}
  void number(std::string_view, const auto&, presence, std::uint64_t = 0) {}
  void optional_number(std::string_view, const auto&, std::uint64_t) {}
  void flag(std::string_view, bool) {}
  template <class Id>
  void ids(std::string_view key, std::vector<Id>& to, presence, std::size_t count_max = json_reader::no_limit) {
    if (has_room(key, to, count_max)) reader_.read_id(key, item_, to.emplace_back());
  }
  template <class Row>
  void rows(std::string_view key, std::vector<Row>& to, presence, std::size_t count_max = json_reader::no_limit) {
    if (has_room(key, to, count_max)) reader_.read_row(key, item_, to.emplace_back());
  }

 private:
  template <class Item>
  bool has_room(std::string_view key, const std::vector<Item>& to, std::size_t count_max) {
    if (key != key_) return false;
    if (to.size() < count_max) return true;
    reader_.refuse(key, "has too many items; split the message");
    return false;
  }

  std::string_view key_;
  const boost::json::value& item_;
  json_reader reader_;
};

/// Reads the members of a message whose lists were read before.
class member_reader : public json_reader {
 public:
  using keys = std::set<std::string, std::less<>>;
  member_reader(const boost::json::object& members, const keys& read, const keys& not_read)
      : json_reader(members), read_(read), not_read_(not_read) {}

  void ids(std::string_view key, const auto&, presence need, std::size_t = 0) { check_list(key, need); }
  void rows(std::string_view key, const auto&, presence need, std::size_t = 0) { check_list(key, need); }

 private:
  void check_list(std::string_view key, presence need);

  const keys& read_;
  const keys& not_read_;
};

class json_writer {
 public:
  /// With `parts`, the text is handed over in parts of some part_bytes between items of lists, all but the last one.
  explicit json_writer(std::string_view type, const text_parts* parts = nullptr) : parts_(parts) {
    out_ = "{\"type\":";
    put_string(type);
  }

  /// The last part.
  std::string take() && {
    out_ += '}';
    return std::move(out_);
  }

  void refuse(std::string_view, std::string_view) {}

  template <class Tag, std::size_t Bytes>
  void id(std::string_view key, const opaque_id<Tag, Bytes>& from) {
    put_key(key);
    put_id(from);
  }

  template <class Tag, std::size_t Bytes>
  void optional_id(std::string_view key, const opaque_id<Tag, Bytes>& from) {
    if (from != opaque_id<Tag, Bytes>{}) id(key, from);
  }

  template <class Tag, std::size_t Bytes>
  void ids(std::string_view key, const std::vector<opaque_id<Tag, Bytes>>& from, presence, std::size_t = 0) {
    each(key, from, [&](const auto& item) { put_id(item); });
  }

  void text(std::string_view key, std::string_view from, std::size_t, presence) {
    put_key(key);
    put_string(from);
  }
  void name(std::string_view key, std::string_view from) {
    put_key(key);
    put_string(from);
  }
  void number(std::string_view key, std::uint64_t from, presence, std::uint64_t = 0) {
    put_key(key);
    out_ += std::to_string(from);
  }
  void optional_number(std::string_view key, std::uint64_t from, std::uint64_t) {
    if (from != 0) number(key, from, presence::optional);
  }
  void flag(std::string_view key, bool from) {
    put_key(key);
    out_ += from ? "true" : "false";
  }

  template <class Row>
  void rows(std::string_view key, const std::vector<Row>& from, presence need, std::size_t = 0) {
    if (need == presence::optional && from.empty()) return;
    each(key, from, [&](const Row& item) {
      out_ += '{';
      fields(*this, item);
      out_ += '}';
    });
  }

 private:
  static constexpr std::size_t part_bytes = 64 * KiB;

  void hand_over();
  void put_comma();
  void put_key(std::string_view key);
  void put_string(std::string_view text);

  template <class Id>
  void put_id(const Id& id) {
    out_ += '"';
    out_ += id.hex();
    out_ += '"';
  }

  template <class Item, class Put>
  void each(std::string_view key, const std::vector<Item>& from, Put put) {
    put_key(key);
    out_ += '[';
    for (const Item& item : from) {
      put_comma();
      put(item);
      if (parts_ != nullptr && out_.size() >= part_bytes) hand_over();
    }
    out_ += ']';
  }

  std::string out_;  ///< never empty: a comma depends on what is before it
  const text_parts* parts_ = nullptr;
};

}  // namespace shoal::tracking
