// Bencode (BEP 3): a strict reader that copies nothing, one for what sloppy programs wrote, and a writer.
//
// Strict: dictionary keys sorted and unique, no leading zeros, nothing after the value. What passes re-encodes to the
// same bytes, so hashing a substring is sound (BEP 52, infohash). Bounded: depth and number of values. Pure.
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

/// The file tree of a path of path_depth_max elements (metainfo.hpp) with what stands around it; shallow enough for
/// recursion.
inline constexpr std::uint32_t depth_max = 1040;
/// Values in one document: 20,000 files take about eight each; bounds the memory that hostile input can claim.
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

  /// Each of these needs the kind in its name.
  std::int64_t integer() const;
  std::string_view string() const;
  const std::vector<value>& list() const;
  const std::vector<member>& dictionary() const;

  /// The member of a dictionary with this key, or null. Null too for a value of another kind.
  const value* find(std::string_view key) const;
  /// find(), and null unless the member has the kind.
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

/// Parses one value that takes up all of `input`; errc::malformed says what is wrong at which byte.
result<value> parse(byte_view input);

/// As parse, but stops after one value: `consumed` is its length. For BEP 9, where data follows a dictionary.
result<value> parse_prefix(byte_view input, std::size_t& consumed);

/// Reads the outermost value as sloppy programs leave it and other clients take it: keys in any order or repeated (the
/// first one counts), numbers with leading zeros or out of range (the nearest that fits), anything behind the end.
/// Lists and dictionaries inside it are checked and left empty: read their source(). For what surrounds an info
/// dictionary.
result<value> skim(byte_view input);

/// Appends bencode to a buffer. The caller opens and closes lists and dictionaries and sorts keys.
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
