#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "cmd/command.hpp"
#include "cmd/output.hpp"
#include "net/access_token.hpp"

namespace shoal {

namespace {

result<void> run(const invocation& call) {
  const auto state = call.given.state_directory();
  if (!state) return state.error();
  const auto token = access_token::read(*state);
  if (!token) return token.error();
  if (!call.given.flag("json")) return print(token->text() + "\n");
  const boost::json::object row{{"token", token->text()}};
  return print(boost::json::serialize(row) + "\n");
}

}  // namespace

command token_command() {
  return {.name = "token",
          .summary = "Shows the token by which scripts may change something over HTTP.",
          .required = needs::nothing,
          .run = &run};
}

}  // namespace shoal
