// The publishers that a user trusts: public keys, each with the name that the user gives it.
//
// A trust file has one line for each key: "shoal-publisher-1 ", the key in base64, a blank and the name. Empty lines
// and lines that begin with '#' are comments. Pure; who reads the file names it in errors.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/publisher_key.hpp"

namespace shoal {

/// Keys of one list. Far more than people look through.
inline constexpr std::size_t trusted_keys_max = 10'000;
/// A trust file of so many keys.
inline constexpr std::size_t trust_file_bytes_max = 4 * MiB;

class trust_list {
 public:
  /// At least one key. errc::malformed names the line and what is wrong with it.
  static result<trust_list> parse(std::string_view text);

  /// No list was given: nobody is trusted more than others.
  bool empty() const { return names_.empty(); }
  bool trusts(const publisher_key& key) const { return names_.contains(key); }
  /// Null if it is not in the list.
  const std::string* name_of(const publisher_key& key) const;
  /// The name of the key, or the beginning of its fingerprint, for listings.
  std::string shown(const publisher_key& key) const;

 private:
  std::map<publisher_key, std::string> names_;
};

/// The line for a trust file, without its end. `name`: as others may call the publisher.
std::string trust_line(const publisher_key& key, std::string_view name);

}  // namespace shoal
