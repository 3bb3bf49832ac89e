// The error object of JSON-RPC 2.0 as the control socket sends it, for both ends of it.
#pragma once

#include <boost/describe/class.hpp>
#include <cstdint>
#include <optional>
#include <string>

namespace shoal::rpc {

struct failure_data {
  std::string class_ = {};                 ///< name_of() of the class of the error
  std::optional<std::string> remedy = {};  ///< name_of() of what would help
};
BOOST_DESCRIBE_STRUCT(failure_data, (), (class_, remedy))

struct failure {
  std::int64_t code = 0;     ///< exit code, or one of JSON-RPC's own
  std::string message = {};  ///< text of the error
  failure_data data = {};
};
BOOST_DESCRIBE_STRUCT(failure, (), (code, message, data))

}  // namespace shoal::rpc
