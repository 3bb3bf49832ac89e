#include "core/error.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace shoal {

namespace {

struct errc_row {
  errc code;
  std::string_view name;
  int exit;
};

constexpr std::array rows{
    errc_row{errc::usage, "usage", 2},
    errc_row{errc::malformed, "malformed", 2},
    errc_row{errc::ambiguous, "ambiguous", 2},
    errc_row{errc::not_found, "not_found", 3},
    errc_row{errc::unreachable, "unreachable", 4},
    errc_row{errc::timed_out, "timed_out", 4},
    errc_row{errc::protocol, "protocol", 4},
    errc_row{errc::address_in_use, "address_in_use", 4},
    errc_row{errc::verification, "verification", 5},
    errc_row{errc::disk, "disk", 6},
    errc_row{errc::no_space, "no_space", 6},
    errc_row{errc::permission, "permission", 6},
    errc_row{errc::conflict, "conflict", 7},
    errc_row{errc::limit, "limit", 8},
    errc_row{errc::cancelled, "cancelled", 130},
    errc_row{errc::internal, "internal", 1},
};

constexpr std::array<std::pair<remedy, std::string_view>, 17> remedies{{
    {remedy::none, ""},
    {remedy::see_list, "see_list"},
    {remedy::see_status, "see_status"},
    {remedy::other_directory, "other_directory"},
    {remedy::make_directory, "make_directory"},
    {remedy::clear_place, "clear_place"},
    {remedy::replace_older, "replace_older"},
    {remedy::free_space, "free_space"},
    {remedy::other_state_directory, "other_state_directory"},
    {remedy::end_other_peer, "end_other_peer"},
    {remedy::other_port, "other_port"},
    {remedy::other_key, "other_key"},
    {remedy::some_key, "some_key"},
    {remedy::without_key, "without_key"},
    {remedy::other_host_name, "other_host_name"},
    {remedy::change_address, "change_address"},
    {remedy::some_tracker, "some_tracker"},
}};

const errc_row& row_of(errc code) {
  for (const errc_row& row : rows) {
    if (row.code == code) return row;
  }
  return rows.back();
}

}  // namespace

std::string_view name_of(errc code) {
  return row_of(code).name;
}

errc errc_of(std::string_view name) {
  for (const errc_row& row : rows) {
    if (row.name == name) return row.code;
  }
  return errc::internal;
}

int exit_code(errc code) {
  return row_of(code).exit;
}

std::string_view name_of(remedy what) {
  for (const auto& [known, name] : remedies) {
    if (known == what) return name;
  }
  return "";
}

remedy remedy_of(std::string_view name) {
  for (const auto& [known, known_name] : remedies) {
    if (known_name == name) return known;
  }
  return remedy::none;
}

error within(std::string before, const error& why) {
  return {why.code, std::move(before) + ": " + why.text, why.helps};
}

error helped_by(remedy what, error why) {
  why.helps = what;
  return why;
}

error system_error(std::string text, int error_number, errc fallback) {
  errc code = fallback;
  if (error_number == ENOSPC || error_number == EDQUOT) code = errc::no_space;
  if (error_number == EACCES || error_number == EPERM || error_number == EROFS) code = errc::permission;
  if (error_number == ENOENT) code = errc::not_found;
  if (error_number == EMFILE || error_number == ENFILE || error_number == ENOMEM) code = errc::limit;
  return {code, std::move(text) + ": " + std::strerror(error_number)};
}

void throw_exception_from_error(const error& e, const boost::source_location&) {
  throw std::runtime_error(e.text);
}

}  // namespace shoal
