// The token by which a script or a browser proves that it may change something (RFC 6750).
//
// 256 random bits, in the file "token" of the state directory, which only its owner may read. Whoever can read that
// file is the user. Never logged.
#pragma once

#include <string>
#include <string_view>

#include "core/error.hpp"

namespace shoal {

class access_token {
 public:
  /// Reads the token of this state directory, or makes it. Blocks. Errors as read_secret_file() and
  /// write_secret_file(); errc::malformed if the file holds no token.
  static result<access_token> open(const std::string& state_directory);
  /// Reads it. errc::not_found if there is none yet. Blocks.
  static result<access_token> read(const std::string& state_directory);

  const std::string& text() const { return text_; }
  /// The value of an Authorization header is "Bearer TOKEN". Not "Basic": a browser would send that by itself, also for
  /// a page of another site. Takes the same time for each wrong token.
  bool is_in(std::string_view authorization) const;

 private:
  explicit access_token(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

}  // namespace shoal
