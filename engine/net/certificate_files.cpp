#include "net/certificate_files.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>

#include <cerrno>
#include <filesystem>

#include "core/descriptor.hpp"
#include "net/own_addresses.hpp"
#include "store/positioned_io.hpp"
#include "store/printable.hpp"
#include "store/secret_file.hpp"

namespace shoal {

namespace {

result<std::string> read_chain(const std::string& path) {
  // Without O_NONBLOCK a pipe at this name would be waited for.
  const unique_descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file) return system_error("cannot read the certificate " + printable(path), errno);
  std::string text(certificate_file_bytes_max + 1, '\0');
  const auto got = read_at(file.get(), 0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  if (!got) return within("cannot read the certificate " + printable(path), got.error());
  if (*got > certificate_file_bytes_max) {
    return error{errc::limit, printable(path) + " is too large for a certificate: it has at most " +
                                  std::to_string(certificate_file_bytes_max / 1024) + " KiB"};
  }
  text.resize(*got);
  return text;
}

result<void> make_missing(const certificate_paths& where, const std::vector<std::string>& names) {
  std::error_code ec;
  if (!std::filesystem::exists(where.key, ec)) {
    auto key = certificate::make_key();
    if (!key) return key.error();
    const auto written = write_secret_file(where.key, *key);
    OPENSSL_cleanse(key->data(), key->size());
    if (!written) return written;
  }
  if (std::filesystem::exists(where.chain, ec)) return {};
  auto key = read_secret_file(where.key);
  if (!key) return key.error();
  std::vector<std::string> all = names;
  for (const auto& address : own_addresses()) {
    if (!address.is_loopback()) all.push_back(address.to_string());
  }
  const auto made = certificate::make(*key, all);
  OPENSSL_cleanse(key->data(), key->size());
  if (!made) return within("cannot use " + printable(where.key), made.error());
  return write_secret_file(where.chain, *made);
}

}  // namespace

result<certificate> read_certificate(const certificate_paths& from) {
  const auto chain = read_chain(from.chain);
  if (!chain) return chain.error();
  auto key = read_secret_file(from.key);
  if (!key) return within("cannot use the key of the certificate", key.error());
  auto read = certificate::parse(*chain, *key);
  OPENSSL_cleanse(key->data(), key->size());
  if (!read) return within("cannot use the certificate " + printable(from.chain), read.error());
  return read;
}

result<certificate> open_certificate(const std::string& state_directory, const std::vector<std::string>& names) {
  const certificate_paths where{state_directory + "/https.crt", state_directory + "/https.key"};
  const auto there = make_missing(where, names);
  auto read = there ? read_certificate(where) : result<certificate>(there.error());
  if (read || read.error().code != errc::malformed) return read;
  // A crash or a hand left half of a pair. Nobody but us made it, so it is made anew.
  std::error_code ec;
  std::filesystem::remove(where.chain, ec);
  std::filesystem::remove(where.key, ec);
  if (const auto made = make_missing(where, names); !made) return made.error();
  return read_certificate(where);
}

}  // namespace shoal
