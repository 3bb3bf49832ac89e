#include "cmd/limit_options.hpp"

#include <boost/program_options/value_semantic.hpp>

namespace shoal {

namespace po = boost::program_options;

void add_limit_options(po::options_description& options, const std::string& what) {
  auto add = options.add_options();
  const std::string up = "send" + what + " at no more than RATE: 10M (10 MB/s), 500K or 80Mbit; 0: no limit";
  const std::string down = "receive" + what + " at no more than RATE";
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

std::string limits_text(const rate_limits& limits) {
  if (!limits.any()) return "";
  const std::string up = limits.up == 0 ? "" : rate_text(limits.up) + " up";
  const std::string down = limits.down == 0 ? "" : rate_text(limits.down) + " down";
  return "limited to " + up + (up.empty() || down.empty() ? "" : ", ") + down;
}

std::string both_limits_text(const rate_limits& limits) {
  const auto text = [](std::uint64_t rate) { return rate == 0 ? "no limit" : rate_text(rate); };
  return "up " + text(limits.up) + ", down " + text(limits.down);
}

void put_share_limits(boost::json::object& params, const arguments& given) {
  if (given.typed("up-limit")) params["up_limit"] = given.text("up-limit");
  if (given.typed("down-limit")) params["down_limit"] = given.text("down-limit");
}

}  // namespace shoal
