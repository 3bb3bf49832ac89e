// The Content-Type of a file, by the end of its name (IANA media types). Pure.
#pragma once

#include <string_view>

namespace shoal {

/// "application/octet-stream" if nothing better is known. Text is said to be UTF-8.
std::string_view media_type_of(std::string_view path);

}  // namespace shoal
