// Lets Catch print a result<T>: its error, or that it holds a value.
#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "core/error.hpp"

template <class T>
struct Catch::StringMaker<boost::system::result<T, shoal::error>> {
  static std::string convert(const boost::system::result<T, shoal::error>& r) {
    return r.has_value() ? "a value" : "error " + std::string(shoal::name_of(r.error().code)) + ": " + r.error().text;
  }
};
