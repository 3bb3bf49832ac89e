// Certificates (net/certificate) in files: those that the user names, and the one that a node makes for itself.
//
// Blocks. Errors name the file. A file with a private key is one that only its owner may read (store/secret_file).
#pragma once

#include <string>
#include <vector>

#include "core/error.hpp"
#include "net/certificate.hpp"

namespace shoal {

/// Files of the user, both PEM. Of neither or of both the path is empty.
struct certificate_paths {
  std::string chain;  ///< the certificate of the node, and those that lead from it to an authority
  std::string key;    ///< its private key
};

/// More than any chain needs.
inline constexpr std::size_t certificate_file_bytes_max = 64 * 1024;

/// errc::permission if others may read the key. Otherwise as certificate::parse().
result<certificate> read_certificate(const certificate_paths& from);
/// The one of this state directory: "https.crt" and "https.key". Makes what is not there; a certificate is made for
/// `names` (certificate::make) and the addresses that this machine has now.
result<certificate> open_certificate(const std::string& state_directory, const std::vector<std::string>& names);

}  // namespace shoal
