#include "content/bencode.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "core/assert.hpp"

namespace shoal::bencode {

std::int64_t value::integer() const {
  SHOAL_ASSERT(is_integer());
  return integer_;
}

std::string_view value::string() const {
  SHOAL_ASSERT(is_string());
  return string_;
}

const std::vector<value>& value::list() const {
  SHOAL_ASSERT(is_list());
  return list_;
}

const std::vector<member>& value::dictionary() const {
  SHOAL_ASSERT(is_dictionary());
  return dictionary_;
}

const value* value::find(std::string_view key) const {
  const auto found = std::lower_bound(dictionary_.begin(), dictionary_.end(), key,
                                      [](const member& m, std::string_view wanted) { return m.key < wanted; });
  return found != dictionary_.end() && found->key == key ? &found->content : nullptr;
}

const value* value::find(std::string_view key, kind wanted) const {
  const value* found = find(key);
  return found != nullptr && found->type() == wanted ? found : nullptr;
}

/// Recursive descent over one document. Every step either consumes input or fails.
class parser {
 public:
  enum class manner : std::uint8_t { strict, skim };
  parser(byte_view input, manner how) : input_(input), text_(as_text(input)), skims_(how == manner::skim) {}

  bool parse_value(value& out, std::uint32_t depth) {
    if (depth > depth_max) return fail("is nested too deeply");
    if (++values_ > values_max) return fail("has too many values");
    const std::size_t begin = at_;
    if (at_ == text_.size()) return fail("ends too early");
    const char first = text_[at_];
    bool parsed = false;
    if (first == 'i') {
      parsed = parse_integer(out);
    } else if (first == 'l') {
      parsed = parse_list(out, depth);
    } else if (first == 'd') {
      parsed = parse_dictionary(out, depth);
    } else {
      out.kind_ = kind::string;
      parsed = parse_string(out.string_);
    }
    if (parsed) out.source_ = input_.subspan(begin, at_ - begin);
    return parsed;
  }

  std::size_t consumed() const { return at_; }
  bool fail(std::string_view what) {
    if (what_.empty()) what_ = what;
    return false;
  }
  error failure() const {
    return {errc::malformed, "bencode " + std::string(what_) + " (at byte " + std::to_string(at_) + ")"};
  }

 private:
  bool take(char wanted) {
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  /// Decimal digits, without a leading zero unless this skims, into an integer of any type.
  template <class Integer>
  bool parse_number(Integer& number) {
    const char* const begin = text_.data() + at_;
    const char* const end = text_.data() + text_.size();
    const auto [stop, ec] = std::from_chars(begin, end, number);
    const bool too_large = ec == std::errc::result_out_of_range;
    if (too_large && !skims_) return fail("has a number that is too large");
    if (ec != std::errc{} && !too_large) return fail("is not valid: no such value");
    const char* const digits = *begin == '-' ? begin + 1 : begin;
    const bool leading_zero = *digits == '0' && (stop - digits > 1 || digits != begin);
    if (leading_zero && !skims_) return fail("has a number with a leading zero");
    using limits = std::numeric_limits<Integer>;
    if (too_large) number = digits == begin ? limits::max() : limits::min();
    at_ += static_cast<std::size_t>(stop - begin);
    return true;
  }

  bool parse_integer(value& out) {
    ++at_;
    out.kind_ = kind::integer;
    if (!parse_number(out.integer_)) return false;
    return take('e') || fail("has an integer without an end");
  }

  bool parse_string(std::string_view& out) {
    std::uint64_t bytes = 0;
    if (!parse_number(bytes)) return false;
    if (!take(':')) return fail("has a string without a colon");
    if (bytes > text_.size() - at_) return fail("has a string longer than the input");
    out = text_.substr(at_, bytes);
    at_ += bytes;
    return true;
  }

  bool parse_list(value& out, std::uint32_t depth) {
    ++at_;
    out.kind_ = kind::list;
    while (!take('e')) {
      value inside;
      if (!parse_value(inside, depth + 1)) return false;
      if (keeps(depth)) out.list_.push_back(std::move(inside));
    }
    return true;
  }

  bool parse_dictionary(value& out, std::uint32_t depth) {
    ++at_;
    out.kind_ = kind::dictionary;
    while (!take('e')) {
      std::string_view key;
      if (!parse_string(key)) return false;
      if (!skims_ && !out.dictionary_.empty() && key <= out.dictionary_.back().key) {
        return fail("has dictionary keys that repeat or are not sorted");
      }
      member added{key, {}};
      if (!parse_value(added.content, depth + 1)) return false;
      if (keeps(depth)) out.dictionary_.push_back(std::move(added));
    }
    if (skims_) sort_keys(out.dictionary_);
    return true;
  }

  bool keeps(std::uint32_t depth) const { return !skims_ || depth == 1; }

  static void sort_keys(std::vector<member>& members) {
    // Of equal keys the one that stands first in the input comes first.
    std::ranges::sort(members, {}, [](const member& one) { return std::pair(one.key, one.key.data()); });
    const auto repeated = std::ranges::unique(members, {}, &member::key);
    members.erase(repeated.begin(), repeated.end());
  }

  byte_view input_;
  std::string_view text_;
  bool skims_;
  std::size_t at_ = 0;
  std::uint32_t values_ = 0;
  std::string_view what_;
};

result<value> parse_prefix(byte_view input, std::size_t& consumed) {
  parser reader(input, parser::manner::strict);
  value parsed;
  if (!reader.parse_value(parsed, 1)) return reader.failure();
  consumed = reader.consumed();
  return parsed;
}

result<value> parse(byte_view input) {
  parser reader(input, parser::manner::strict);
  value parsed;
  if (!reader.parse_value(parsed, 1)) return reader.failure();
  if (reader.consumed() != input.size()) {
    reader.fail("has something after its end");
    return reader.failure();
  }
  return parsed;
}

result<value> skim(byte_view input) {
  parser reader(input, parser::manner::skim);
  value outermost;
  if (!reader.parse_value(outermost, 1)) return reader.failure();
  return outermost;
}

writer& writer::integer(std::int64_t number) {
  const std::string text = 'i' + std::to_string(number) + 'e';
  return raw(as_bytes(text));
}

writer& writer::string(std::string_view text) {
  const std::string prefix = std::to_string(text.size()) + ':';
  return raw(as_bytes(prefix)).raw(as_bytes(text));
}

writer& writer::begin_list() {
  out_.push_back('l');
  return *this;
}

writer& writer::begin_dictionary() {
  out_.push_back('d');
  return *this;
}

writer& writer::end() {
  out_.push_back('e');
  return *this;
}

writer& writer::raw(byte_view encoded) {
  out_.insert(out_.end(), encoded.begin(), encoded.end());
  return *this;
}

}  // namespace shoal::bencode
