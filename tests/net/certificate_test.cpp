#include "net/certificate.hpp"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <memory>

#include "net/certificate_files.hpp"
#include "show_result.hpp"
#include "unit/store/temporary_directory.hpp"

namespace shoal {

using test::temporary_directory;

namespace {

using x509_ptr = std::unique_ptr<X509, void (*)(X509*)>;

x509_ptr x509_of(const std::string& text) {
  BIO* from = BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
  x509_ptr read(PEM_read_bio_X509(from, nullptr, nullptr, nullptr), &X509_free);
  BIO_free(from);
  REQUIRE(read != nullptr);
  return read;
}

std::string new_key() {
  auto made = certificate::make_key();
  REQUIRE(made.has_value());
  return std::move(*made);
}

std::string made_for(const std::string& key, const std::vector<std::string>& names = {}) {
  auto made = certificate::make(key, names);
  REQUIRE(made.has_value());
  return std::move(*made);
}

bool mentions(const error& why, std::string_view text) {
  return why.text.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("a certificate of our own is good for the names that were given, and tells nothing else", "[certificate]") {
  const std::string key = new_key();
  const auto made = x509_of(made_for(key, {"192.0.2.7", "2001:db8::7", "files.example", "odd, name"}));
  for (const char* address : {"127.0.0.1", "::1", "192.0.2.7", "2001:db8::7"}) {
    CAPTURE(address);
    CHECK(X509_check_ip_asc(made.get(), address, 0) == 1);
  }
  CHECK(X509_check_ip_asc(made.get(), "192.0.2.8", 0) == 0);
  CHECK(X509_check_host(made.get(), "localhost", 0, 0, nullptr) == 1);
  CHECK(X509_check_host(made.get(), "files.example", 0, 0, nullptr) == 1);
  CHECK(X509_check_host(made.get(), "name", 0, 0, nullptr) == 0);
  char* subject = X509_NAME_oneline(X509_get_subject_name(made.get()), nullptr, 0);
  CHECK(std::string(subject) == "/CN=localhost");
  OPENSSL_free(subject);
  CHECK(X509_verify(made.get(), X509_get0_pubkey(made.get())) == 1);
  CHECK(X509_cmp_current_time(X509_get0_notBefore(made.get())) < 0);
  CHECK(X509_cmp_current_time(X509_get0_notAfter(made.get())) > 0);
}

TEST_CASE("no two certificates are the same", "[certificate]") {
  const std::string key = new_key();
  const auto one = certificate::parse(made_for(key), key);
  const auto other = certificate::parse(made_for(key), key);
  REQUIRE((one.has_value() && other.has_value()));
  CHECK(one->fingerprint() != other->fingerprint());
}

TEST_CASE("what is no certificate, or not the one for the key, is refused", "[certificate]") {
  const std::string key = new_key();
  const std::string chain = made_for(key);
  CHECK(mentions(certificate::parse("", key).error(), "no certificate"));
  CHECK(mentions(certificate::parse(key, key).error(), "no certificate"));
  CHECK(mentions(certificate::parse("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", key).error(),
                 "no certificate"));
  CHECK(mentions(certificate::parse(chain, "").error(), "no private key"));
  CHECK(mentions(certificate::parse(chain, new_key()).error(), "not one for this private key"));
  CHECK(certificate::make("nonsense", {}).error().code == errc::malformed);
  const auto [own, other] = std::pair(certificate::parse(chain, key), certificate::parse(chain + made_for(key), key));
  REQUIRE((own.has_value() && other.has_value()));
  CHECK(own->fingerprint() == other->fingerprint());
}

TEST_CASE("a key with a password is refused, and nobody is asked for it", "[certificate]") {
  const std::string key = new_key();
  BIO* from = BIO_new_mem_buf(key.data(), static_cast<int>(key.size()));
  EVP_PKEY* secret = PEM_read_bio_PrivateKey(from, nullptr, nullptr, nullptr);
  BIO* to = BIO_new(BIO_s_mem());
  const std::string password = "secret";
  REQUIRE(PEM_write_bio_PrivateKey(to, secret, EVP_aes_128_cbc(),
                                   reinterpret_cast<const unsigned char*>(password.data()),
                                   static_cast<int>(password.size()), nullptr, nullptr) == 1);
  char* text = nullptr;
  const long bytes = BIO_get_mem_data(to, &text);
  const auto read = certificate::parse(made_for(key), std::string(text, static_cast<std::size_t>(bytes)));
  REQUIRE_FALSE(read);
  CHECK(mentions(read.error(), "without a password"));
  BIO_free(from);
  BIO_free(to);
  EVP_PKEY_free(secret);
}

TEST_CASE("the own certificate is made once, and its key is secret", "[certificate_files]") {
  const temporary_directory home;
  const std::string state = home.path();
  const auto made = open_certificate(state, {"files.example"});
  REQUIRE(made.has_value());
  struct stat found{};
  REQUIRE(::stat((home / "https.key").c_str(), &found) == 0);
  CHECK((found.st_mode & 07777) == 0600);
  CHECK(open_certificate(state, {})->fingerprint() == made->fingerprint());
  CHECK(X509_check_host(x509_of(test::read_file(home / "https.crt")).get(), "files.example", 0, 0, nullptr) == 1);
  // A new one, for new names or addresses, has the same key.
  const std::string key = test::read_file(home / "https.key");
  std::filesystem::remove(home / "https.crt");
  CHECK(open_certificate(state, {"other.example"})->fingerprint() != made->fingerprint());
  CHECK(test::read_file(home / "https.key") == key);
}

TEST_CASE("errors of files of the user name the file and what helps", "[certificate_files]") {
  const temporary_directory home;
  REQUIRE(open_certificate(home.path(), {}).has_value());
  const certificate_paths files{home / "https.crt", home / "https.key"};
  REQUIRE(read_certificate(files).has_value());
  std::filesystem::permissions(files.key, std::filesystem::perms(0640));
  const auto open_to_all = read_certificate(files);
  REQUIRE_FALSE(open_to_all);
  CHECK(open_to_all.error().code == errc::permission);
  CHECK((mentions(open_to_all.error(), files.key) && mentions(open_to_all.error(), "chmod 600")));
  const auto none = read_certificate({home / "nothing", files.key});
  REQUIRE_FALSE(none);
  CHECK((none.error().code == errc::not_found && mentions(none.error(), "nothing")));
  test::write_file(home / "large", std::string(certificate_file_bytes_max + 1, 'x'));
  CHECK(read_certificate({home / "large", files.key}).error().code == errc::limit);
  std::filesystem::permissions(files.key, std::filesystem::perms(0600));
  CHECK(mentions(read_certificate({files.key, files.key}).error(), "no certificate"));
}

}  // namespace shoal
