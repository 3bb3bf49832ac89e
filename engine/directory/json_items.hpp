// Reads one JSON object piece by piece, and hands over its members and the items of its lists one at a time.
//
// So a message of any length costs the memory of one item, besides what the receiver keeps. The whole text is never
// there. What the receiver does not want is skipped. Strings are checked to be UTF-8. Pure; used by tracking.cpp.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.hpp"

namespace shoal::tracking {

class json_items_receiver {
 public:
  /// A member of the object that is no list. An object as a member is handed over as null.
  virtual void on_member(std::string_view key, const boost::json::value& value) = 0;
  /// A member that is a list begins. Its items follow if the answer is true.
  virtual bool on_list(std::string_view key) = 0;
  /// The item is gone after the call. False ends the reading.
  virtual bool on_item(const boost::json::value& item) = 0;

 protected:
  ~json_items_receiver() = default;
};

class json_items {
 public:
  /// Deeper than any message (3), so that new members may nest. Bounds the parser's stack.
  static constexpr std::size_t depth_max = 16;
  /// A peer's row with all that it hashes has half of these.
  static constexpr std::size_t values_per_item_max = 10'000;
  static constexpr std::size_t bytes_per_item_max = 1 * MiB;

  /// `to` outlives this.
  explicit json_items(json_items_receiver& to);
  ~json_items();

  /// The next piece of the text. What is wrong with it, if anything; then there is nothing more to write.
  std::optional<std::string> write(std::string_view piece);
  /// The text is complete.
  std::optional<std::string> finish();

 private:
  struct parser;
  std::unique_ptr<parser> parser_;
};

}  // namespace shoal::tracking
