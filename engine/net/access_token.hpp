// The token by which a script or a browser proves that it acts for the user (RFC 6750), or may at least read (RFC
// 7617).
//
// 256 random bits, in the file "token" of the state directory, which only its owner may read. Whoever can read that
// file is the user. Never logged. Comparisons take the same time for each wrong token.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace shoal {

class access_token {
 public:
  /// Values of WWW-Authenticate headers: how lets_read() is asked. Browsers know the first one alone.
  static constexpr std::array<std::string_view, 2> challenges{"Basic realm=\"swarm\", charset=\"UTF-8\"", "Bearer"};

  /// What who lacks it is told.
  static constexpr std::string_view needed = "a token is needed: as a password, or as 'Authorization: Bearer TOKEN'";

  /// The text has the form of a token.
  static bool is_token(std::string_view text);
  /// Reads the token of this state directory, or makes it. Blocks. Errors as read_secret_file() and
  /// write_secret_file(); errc::malformed if the file holds no token.
  static result<access_token> open(const std::string& state_directory);
  /// Reads it. errc::not_found if there is none yet. Blocks.
  static result<access_token> read(const std::string& state_directory);
  /// The same from this file.
  static result<access_token> read_file(const std::string& path);

  const std::string& text() const { return text_; }
  /// The value of an Authorization header is "Bearer TOKEN". Not "Basic": a browser would send that by itself, also for
  /// a page of another site.
  bool is_in(std::string_view authorization) const;
  /// The same, or "Basic" with the token as the password of any user. For reading alone.
  bool lets_read(std::string_view authorization) const;

 private:
  explicit access_token(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

}  // namespace shoal
