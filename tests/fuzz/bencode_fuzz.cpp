// Whatever the bencode reader accepts, the writer writes back byte for byte: only so may a substring be
// hashed. The reader for sloppy input finds the same in it.
#include <cstddef>
#include <cstdint>

#include "content/bencode.hpp"
#include "core/assert.hpp"

using namespace shoal;

namespace {

void write(bencode::writer& out, const bencode::value& value) {
  switch (value.type()) {
    case bencode::kind::integer:
      out.integer(value.integer());
      break;
    case bencode::kind::string:
      out.string(value.string());
      break;
    case bencode::kind::list:
      out.begin_list();
      for (const bencode::value& item : value.list()) write(out, item);
      out.end();
      break;
    case bencode::kind::dictionary:
      out.begin_dictionary();
      for (const bencode::member& item : value.dictionary()) {
        SHOAL_ASSERT(value.find(item.key) == &item.content);
        out.key(item.key);
        write(out, item.content);
      }
      out.end();
      break;
  }
}

// The members of the outermost dictionary are there, each with its bytes, and no key twice.
void check_skimmed(const bencode::value& skimmed, byte_view input) {
  SHOAL_ASSERT(skimmed.source().size() <= input.size());
  if (!skimmed.is_dictionary()) return;
  for (const bencode::member& item : skimmed.dictionary()) {
    SHOAL_ASSERT(skimmed.find(item.key) == &item.content);
    SHOAL_ASSERT(!item.content.source().empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const byte_view input(data, size);
  std::size_t consumed = 0;
  const auto prefix = bencode::parse_prefix(input, consumed);
  const auto whole = bencode::parse(input);
  SHOAL_ASSERT(whole.has_value() == (prefix.has_value() && consumed == size));
  const auto skimmed = bencode::skim(input);
  SHOAL_ASSERT(skimmed.has_value() || !prefix.has_value());
  if (skimmed) check_skimmed(*skimmed, input);
  if (!prefix) return 0;
  SHOAL_ASSERT(consumed <= size);
  bencode::writer out;
  write(out, *prefix);
  SHOAL_ASSERT(as_text(out.bytes()) == as_text(input.first(consumed)));
  SHOAL_ASSERT(as_text(prefix->source()) == as_text(input.first(consumed)));
  return 0;
}
