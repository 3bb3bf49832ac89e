#include "cmd/command.hpp"
#include "cmd/control_client.hpp"
#include "cmd/output.hpp"

namespace shoal {

namespace {

// A peer ends in under two seconds unless its disk is stuck.
constexpr auto end_time_max = std::chrono::seconds(10);

result<void> run(const invocation& call) {
  const auto answer = call.client->call("stop", {}, call.stop);
  if (!answer) return answer.error();
  const auto closed = call.client->wait_for_close(end_time_max, call.stop);
  if (!closed) return closed.error();
  if (call.given.flag("json")) return print("{\"stopped\":true}\n");
  note("the peer has stopped");
  return {};
}

}  // namespace

command stop_command() {
  return {.name = "stop",
          .summary = "Stops the running peer. Its downloads go on when you start it again.",
          .required = needs::peer,
          .run = &run};
}

}  // namespace shoal
