#include "cmd/download_watch.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <map>
#include <optional>

#include "cmd/interrupt.hpp"
#include "cmd/output.hpp"
#include "cmd/progress.hpp"
#include "cmd/text.hpp"

namespace shoal {

namespace {

// A peer answers `cancel` at once; one that does not is left alone.
constexpr auto cancel_time_max = std::chrono::seconds(3);
// A peer answers 64 requests of one connection side by side; the rest is left for `cancel`.
constexpr std::size_t requests_at_once_max = 32;

class download_watch {
 public:
  download_watch(control_client& client, const interrupt& stop)
      : client_(client), stop_(stop), display_(STDERR_FILENO) {}

  result<void> run(std::vector<wanted_download> wanted) {
    std::size_t sent = 0;
    while (true) {
      while (sent < wanted.size() && unanswered() < requests_at_once_max) {
        if (const auto done = send(std::move(wanted[sent++])); !done) return done;
      }
      if (unanswered() == 0) return {};
      auto received = client_.receive(progress_display::redraw_interval, &stop_);
      if (!received) return received.error();
      take(*received);
      display_.tick(clock::now());
      if (stop_.raised()) return cancel();
    }
  }

  download_outcome finish() {
    display_.finish();
    download_outcome outcome;
    for (auto& [number, request] : requests_) {
      if (!*request.outcome) {
        error failure = request.outcome->error();
        // The peer has not seen the file and cannot name it.
        if (request.from_file) failure.text = "'" + request.name + "': " + failure.text;
        outcome.failures.push_back(std::move(failure));
        continue;
      }
      for (const json::value& row : as_array(**request.outcome)) outcome.rows.push_back(row);
    }
    return outcome;
  }

 private:
  struct download_request {
    std::string name;
    bool from_file = false;
    std::map<std::string, json::object> rows;  // the last known, by id
    std::optional<result<json::value>> outcome;
  };

  result<void> send(wanted_download wanted) {
    const bool from_file = wanted.params.contains("torrent");
    const auto request = client_.send("download", std::move(wanted.params));
    if (!request) return request.error();
    requests_[*request].name = wanted.word;
    requests_[*request].from_file = from_file;
    return {};
  }

  std::size_t unanswered() const {
    std::size_t count = 0;
    for (const auto& [number, request] : requests_) count += request.outcome ? 0U : 1U;
    return count;
  }

  void take(control_client::message& message) {
    if (auto* said = std::get_if<control_client::notice>(&message)) {
      const auto request = requests_.find(said->request);
      if (request == requests_.end() || request->second.outcome) return;
      const std::string id = text_field(said->params, "id");
      display_.update(said->request, id, view_of_progress(said->params, request->second.name), clock::now());
      request->second.rows[id] = std::move(said->params);
    } else if (auto* answered = std::get_if<control_client::answer>(&message)) {
      const auto request = requests_.find(answered->request);
      if (request == requests_.end()) {
        ++cancels_answered_;
        return;
      }
      request->second.outcome = std::move(answered->outcome);
      display_.remove(answered->request);
    }
  }

  result<void> cancel() {
    display_.finish();
    std::string kept;
    std::size_t cancels = 0;
    for (const auto& [number, request] : requests_) {
      if (request.outcome) continue;
      if (request.rows.empty()) kept += fmt::format("{}{}: nothing was downloaded yet", separator(kept), request.name);
      for (const auto& [id, row] : request.rows) {
        json::object params;
        params["id"] = id;
        if (text_field(row, "phase") == "complete" || !client_.send("cancel", std::move(params))) continue;
        ++cancels;
        kept += fmt::format("{}{}: {} kept", separator(kept), text_field(row, "name"),
                            human_fraction(count_field(row, "done"), count_field(row, "bytes")));
      }
    }
    const time_point deadline = clock::now() + cancel_time_max;
    while (cancels_answered_ < cancels && clock::now() < deadline) {
      auto received = client_.receive(deadline - clock::now(), nullptr);
      if (!received) break;
      take(*received);
    }
    return error{errc::cancelled, "stopped. " + kept + "; the same download goes on from there"};
  }

  static std::string_view separator(const std::string& text) { return text.empty() ? "" : "; "; }

  control_client& client_;
  const interrupt& stop_;
  progress_display display_;
  std::map<std::uint64_t, download_request> requests_;
  std::size_t cancels_answered_ = 0;
};

}  // namespace

result<download_outcome> watch_downloads(control_client& client, const interrupt& stop,
                                         std::vector<wanted_download> wanted) {
  download_watch watch(client, stop);
  if (const auto ran = watch.run(std::move(wanted)); !ran) return ran.error();
  return watch.finish();
}

}  // namespace shoal
