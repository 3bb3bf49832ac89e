// Bencode (BEP 3): a strict reader that copies nothing, a lenient reader for what sloppy programs wrote, and a writer.
//
// Strict: dictionary keys are sorted and unique, there are no leading zeros, and nothing follows the value. A value
// that passes re-encodes to the same bytes, so hashing a substring is sound (BEP 52, infohash). Depth and number of
// values are bounded. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.hpp"
#include "core/error.hpp"

namespace shoal {

namespace bencode {

/// Room for the file tree of a path with path_depth_max elements (metainfo.hpp) and what surrounds it. Shallow enough
/// for recursion.
inline constexpr std::uint32_t depth_max = 1040;
/// Values in one document; 20,000 files take about eight each. Bounds the memory that hostile input can claim.
inline constexpr std::uint32_t values_max = 5'000'000;

enum class kind : std::uint8_t { integer, string, list, dictionary };

struct member;

/// One parsed value. Views point into the parsed bytes, which must outlive it.
class value {
 public:
  kind type() const { return kind_; }
  bool is_integer() const { return kind_ == kind::integer; }
  bool is_string() const { return kind_ == kind::string; }
  bool is_list() const { return kind_ == kind::list; }
  bool is_dictionary() const { return kind_ == kind::dictionary; }

  /// Each of these methods needs a value of the kind in its name.
  std::int64_t integer() const;
  std::string_view string() const;
  const std::vector<value>& list() const;
  const std::vector<member>& dictionary() const;

  /// The member of a dictionary with this key, or null. Also null for a value of another kind.
  const value* find(std::string_view key) const;
  /// Like find(), but null unless the member has the kind.
  const value* find(std::string_view key, kind wanted) const;

  /// The exact bytes this value was parsed from.
  byte_view source() const { return source_; }

 private:
  friend class parser;
  kind kind_ = kind::integer;
  std::int64_t integer_ = 0;
  std::string_view string_;
  std::vector<value> list_;
  std::vector<member> dictionary_;
  byte_view source_;
};

struct member {
  std::string_view key;
  value content;
};

/// Parses one value that takes up all of `input`. errc::malformed says what is wrong and at which byte.
result<value> parse(byte_view input);

/// Like parse(), but stops after one value; `consumed` is its length. For BEP 9, where data follows a dictionary.
result<value> parse_prefix(byte_view input, std::size_t& consumed);

/// Reads the outermost value in the form that sloppy programs write and other clients accept. Keys may be in any order
/// or repeated: the first one counts. Numbers may have leading zeros or be out of range: the nearest that fits counts.
/// Anything may follow the end. Lists and dictionaries inside are checked and left empty: read their source(). For what
/// surrounds an info dictionary.
result<value> skim(byte_view input);

/// Appends bencode to a buffer. The caller opens and closes lists and dictionaries, and sorts keys.
class writer {
 public:
  writer& integer(std::int64_t number);
  writer& string(std::string_view text);
  writer& string(byte_view bytes) { return string(as_text(bytes)); }
  /// A key, then exactly one value.
  writer& key(std::string_view text) { return string(text); }
  writer& begin_list();
  writer& begin_dictionary();
  writer& end();
  /// Appends a value that is bencoded already.
  writer& raw(byte_view encoded);

  byte_view bytes() const { return out_; }
  byte_buffer take() { return std::move(out_); }

 private:
  byte_buffer out_;
};

}  // namespace bencode

}  // namespace shoal
