#include "cmd/download_watch.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "cmd/interrupt.hpp"
#include "cmd/output.hpp"
#include "cmd/program_name.hpp"
#include "cmd/progress.hpp"
#include "cmd/text.hpp"
#include "control/described.hpp"

namespace shoal {

namespace {

// A peer answers `cancel` at once. A peer that does not is left alone.
constexpr auto cancel_time_max = std::chrono::seconds(3);
// A peer answers 64 requests of one connection side by side. The rest is left for `cancel`.
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
      if (stop_.raised()) return leave();
    }
  }

  download_outcome finish() {
    display_.finish();
    download_outcome outcome;
    for (auto& [number, request] : requests_) {
      if (!*request.outcome) {
        outcome.failures.push_back(failure_of(request));
        continue;
      }
      if (const json::array* rows = (*request.outcome)->if_array()) {
        outcome.answers.insert(outcome.answers.end(), rows->begin(), rows->end());
      }
    }
    outcome.rows = from_json<std::vector<rows::download>>(json::value(outcome.answers));
    return outcome;
  }

 private:
  struct request_state {
    std::string name;
    bool from_file = false;
    std::optional<error> unreadable;
    bool without_id = false;
    std::map<std::string, rows::download> rows;  // the last known rows, by id
    std::optional<result<json::value>> outcome;
  };

  result<void> send(wanted_download wanted) {
    const bool from_file = wanted.params.torrent.has_value();
    const auto request = client_.send("download", std::move(to_json(wanted.params).as_object()));
    if (!request) return request.error();
    requests_[*request].name = wanted.word;
    requests_[*request].from_file = from_file;
    requests_[*request].unreadable = std::move(wanted.unreadable);
    return {};
  }

  // The peer has not seen the file and cannot name it.
  static error failure_of(const request_state& request) {
    error failure = request.outcome->error();
    if (request.from_file) failure.text = "'" + request.name + "': " + failure.text;
    if (!request.unreadable || failure.code != errc::not_found) return failure;
    if (request.unreadable->code != errc::not_found) return *request.unreadable;
    failure.text += ", and no file is called so";
    return failure;
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
      auto row = from_json<rows::download>(said->params);
      tell_notes(row);
      // A share that waits to be hashed has no id, and there is nothing to cancel.
      if (!row.id.empty() && std::exchange(request->second.without_id, false)) display_.remove(said->request);
      display_.update(said->request, row.id, view_of(row, request->second.name), clock::now());
      request->second.without_id = row.id.empty();
      if (!row.id.empty()) request->second.rows[row.id] = std::move(row);
    } else if (auto* answered = std::get_if<control_client::answer>(&message)) {
      const auto request = requests_.find(answered->request);
      if (request == requests_.end()) {
        on_left(answered->request, answered->outcome);
        return;
      }
      request->second.outcome = std::move(answered->outcome);
      if (*request->second.outcome) {
        for (const auto& row : from_json<std::vector<rows::download>>(**request->second.outcome)) tell_notes(row);
      }
      display_.remove(answered->request);
    }
  }

  // Tells each once, and at once: a download may wait for the very thing that is not used.
  void tell_notes(const rows::download& row) {
    for (const std::string& remark : row.notes) {
      std::string line = "note: " + row.name + ": " + remark;
      if (told_.insert(line).second) display_.say(line);
    }
  }

  // Ends the downloads that nobody else waits for. The peer knows which these are.
  result<void> leave() {
    display_.finish();
    std::string nothing;
    for (const auto& [number, request] : requests_) {
      if (request.outcome) continue;
      if (request.rows.empty()) append(nothing, request.name + ": nothing new was fetched yet");
      for (const auto& [id, row] : request.rows) {
        if (row.phase == "complete") continue;
        const auto sent = client_.send("cancel", {{"id", id}, {"leave", true}});
        if (!sent) continue;
        // While it looks at what is on the disk, its figure says how far that is.
        const bool looks = row.phase == "checking";
        leaving_[*sent] = {row.name, looks ? "what it had is" : human_fraction(row.done, row.bytes)};
      }
    }
    const time_point deadline = clock::now() + cancel_time_max;
    while (!leaving_.empty() && clock::now() < deadline) {
      auto received = client_.receive(deadline - clock::now(), nullptr);
      if (!received) break;
      take(*received);
    }
    std::string unheard;
    for (const auto& [number, one] : leaving_) {
      // If the peer has ended, its downloads have stopped. If the peer is stopped or stuck, it does not hear us.
      if (client_.lost()) append(stopped_, one.name + ": " + one.done + " kept");
      if (!client_.lost()) append(unheard, one.name + " may go on");
    }
    append(stopped_, nothing);
    std::string text = stopped_.empty() && left_.empty() && unheard.empty() ? "stopped" : "";
    if (!stopped_.empty()) text = "stopped. " + stopped_ + "; the same download goes on from there";
    if (!left_.empty()) append(text, "left. " + left_ + " for others; " + quoted_command("cancel") + " stops it");
    if (!unheard.empty())
      append(text, "left. The peer does not answer: " + unheard + "; see " + quoted_command("status"));
    return error{errc::cancelled, std::move(text)};
  }

  void on_left(std::uint64_t request, const result<json::value>& answer) {
    const auto at = leaving_.find(request);
    if (at == leaving_.end()) return;
    const bool cancelled = !answer || from_json<rows::cancellation>(*answer).cancelled;
    if (cancelled) {
      append(stopped_, at->second.name + ": " + at->second.done + " kept");
    } else {
      append(left_, at->second.name + " goes on");
    }
    leaving_.erase(at);
  }

  static void append(std::string& text, const std::string& more) {
    if (!text.empty() && !more.empty()) text += "; ";
    text += more;
  }

  control_client& client_;
  const interrupt& stop_;
  progress_display display_;
  std::map<std::uint64_t, request_state> requests_;
  struct left_download {
    std::string name;
    std::string done;
  };
  std::map<std::uint64_t, left_download> leaving_;  // by request
  std::set<std::string> told_;
  std::string stopped_;
  std::string left_;
};

}  // namespace

result<download_outcome> watch_downloads(control_client& client, const interrupt& stop,
                                         std::vector<wanted_download> wanted) {
  download_watch watch(client, stop);
  if (const auto ran = watch.run(std::move(wanted)); !ran) return ran.error();
  return watch.finish();
}

}  // namespace shoal
