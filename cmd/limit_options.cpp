#include "cmd/limit_options.hpp"

#include <boost/program_options/value_semantic.hpp>

namespace shoal {

namespace po = boost::program_options;

void add_limit_options(po::options_description& options, const std::string& what) {
  auto add = options.add_options();
  const std::string up = "most that " + what + " sends, such as 10M (MB/s), 500K or 80Mbit; 0: no limit";
  const std::string down = "most that " + what + " receives";
  add("up-limit", po::value<std::string>()->value_name("RATE"), up.c_str());
  add("down-limit", po::value<std::string>()->value_name("RATE"), down.c_str());
}

result<rate_limits> limits_of_process(const arguments& given) {
  rate_limits limits;
  if (given.has("up-limit")) {
    const auto rate = parse_rate(given.text("up-limit"));
    if (!rate) return rate.error();
    limits.up = *rate;
  }
  if (given.has("down-limit")) {
    const auto rate = parse_rate(given.text("down-limit"));
    if (!rate) return rate.error();
    limits.down = *rate;
  }
  return limits;
}

void put_share_limits(boost::json::object& params, const arguments& given) {
  if (given.typed("up-limit")) params["up_limit"] = given.text("up-limit");
  if (given.typed("down-limit")) params["down_limit"] = given.text("down-limit");
}

}  // namespace shoal
