// Rows of shares that are signed, or pretend to be.
#pragma once

#include <string>
#include <utility>

#include "content/signed_publication.hpp"
#include "directory/tracking.hpp"

namespace shoal::testing {

inline share_id share_number(std::uint8_t n) {
  share_id id;
  id.bytes.fill(n);
  return id;
}

/// Unsigned, by a publisher of this number.
inline tracking::share_row plain_row(std::uint8_t n, std::string name, std::uint64_t ms, std::uint8_t publisher = 1) {
  tracking::share_row row;
  row.id = share_number(n);
  row.name = std::move(name);
  row.bytes = 1000;
  row.files = 1;
  row.seeders = 1;
  row.publication.publisher.bytes.fill(publisher);
  row.publication.ms = ms;
  return row;
}

/// Signed, and checked.
inline tracking::share_row signed_row(const publisher_secret& by, std::uint8_t n, std::string name, std::uint64_t ms) {
  auto row = plain_row(n, std::move(name), ms);
  row.publication = *signed_by(by, row.publication, row.id, row.name);
  return row;
}

/// As it comes from others.
inline tracking::share_row unchecked(tracking::share_row row) {
  row.publication.of_signature = standing::unchecked;
  return row;
}

/// With a signature that was made for something else.
inline tracking::share_row wrong(tracking::share_row row) {
  row.publication.of_signature = standing::wrong;
  return row;
}

}  // namespace shoal::testing
