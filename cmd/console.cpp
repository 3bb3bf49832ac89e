#include "cmd/console.hpp"

#include <editline/readline.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "cmd/completion.hpp"
#include "cmd/console_command.hpp"
#include "cmd/control_client.hpp"
#include "cmd/interrupt.hpp"
#include "cmd/output.hpp"
#include "cmd/terminal.hpp"
#include "cmd/terminal_lines.hpp"
#include "cmd/text.hpp"
#include "control/described.hpp"
#include "control/rows.hpp"
#include "core/time.hpp"
#include "core/utf8.hpp"

namespace shoal {

namespace {

constexpr int history_lines_max = 1000;
// Completion asks the peer at most so often: a press of Tab must not wait.
constexpr auto names_age_max = std::chrono::seconds(2);

// The prompt and the half-typed line are libedit's. Only the console's thread may touch them, and that thread waits for
// input. So a log line waits until the thread has woken up.
class prompt_drawing final : public drawing {
 public:
  prompt_drawing() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  prompt_drawing(const prompt_drawing&) = delete;
  prompt_drawing& operator=(const prompt_drawing&) = delete;
  ~prompt_drawing() override { ::close(wake_); }

  void on_line(std::string_view line) override {
    waiting_ += line;
    const std::uint64_t one = 1;
    // It can only fail because it is readable already.
    (void)!::write(wake_, &one, sizeof one);
  }

  /// Readable while lines wait.
  int descriptor() const { return wake_; }

  /// Writes the waiting lines in the place of the prompt, and draws the prompt again below.
  void show() {
    const auto lock = lock_terminal();
    std::uint64_t count = 0;
    if (::read(wake_, &count, sizeof count) < 0) return;
    write_whole(STDERR_FILENO, "\r\x1b[J" + std::exchange(waiting_, {}));
    rl_forced_update_display();
  }

  /// The line was entered. Lines that still wait go below it.
  void end() {
    end_drawing(*this);
    const auto lock = lock_terminal();
    write_whole(STDERR_FILENO, std::exchange(waiting_, {}));
  }

 private:
  int wake_;
  std::string waiting_;
};

struct console_state {
  std::string state_directory;
  int finished = -1;
  interrupt* stop = nullptr;
  bool ended = false;  // no more input: end of file, or the peer has ended
  prompt_drawing prompt;
  std::vector<std::string> names;
  time_point names_time = time_point::min();
};

// libedit's callbacks carry no argument.
console_state* console = nullptr;

// The next byte of stdin; -1 when there is none, a signal has come or the peer has ended.
int read_byte() {
  while (true) {
    if (console->stop->raised()) return -1;
    pollfd waits[4] = {{STDIN_FILENO, POLLIN, 0},
                       {console->finished, POLLIN, 0},
                       {console->stop->descriptor(), POLLIN, 0},
                       {console->prompt.descriptor(), POLLIN, 0}};
    if (::poll(waits, 4, -1) < 0 && errno != EINTR) return -1;
    if (console->stop->raised()) return -1;
    if (waits[1].revents != 0) {
      console->ended = true;
      return -1;
    }
    if (waits[3].revents != 0) console->prompt.show();
    if (waits[0].revents == 0) continue;
    unsigned char byte = 0;
    const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
    if (got == 1) return byte;
    if (got < 0 && errno == EINTR) continue;
    console->ended = true;
    return -1;
  }
}

// One character, decoded from UTF-8; libedit edits wide characters.
int read_character(FILE*) {
  const int first = read_byte();
  if (first < 0xC0) return first;
  const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
  std::string bytes(1, static_cast<char>(first));
  for (int at = 0; at < more; ++at) {
    const int byte = read_byte();
    if (byte < 0) return -1;
    bytes += static_cast<char>(byte);
  }
  const auto character = first_character(bytes);
  return static_cast<int>(character ? character->code : U'\uFFFD');
}

std::vector<std::string> share_names() {
  if (console->names_time != time_point::min() && clock::now() - console->names_time < names_age_max) {
    return console->names;
  }
  auto client = control_client::connect(console->state_directory);
  if (!client) return {};
  const auto listing = client->call("list", {}, *console->stop);
  if (!listing) return {};
  console->names.clear();
  for (const auto& row : from_json<std::vector<rows::listed_share>>(*listing)) {
    // Other people chose the names. A name that would disturb the line is left out.
    if (displayable(row.name) == row.name) console->names.push_back(row.name);
  }
  console->names_time = clock::now();
  return console->names;
}

std::vector<std::string>* candidates = nullptr;

char* next_candidate(const char*, int state) {
  static std::size_t at = 0;
  if (state == 0) at = 0;
  return at < candidates->size() ? ::strdup((*candidates)[at++].c_str()) : nullptr;
}

char** complete(const char* text, int, int) {
  rl_attempted_completion_over = 1;
  const std::size_t length = std::strlen(rl_line_buffer);
  const auto cursor = static_cast<std::size_t>(rl_point < 0 ? 0 : rl_point);
  const std::string_view line(rl_line_buffer, std::min(cursor, length));
  completion found = complete_line(line, &share_names);
  // libedit's idea of where the word begins may be later than ours: it knows no quotes.
  const std::size_t text_start = line.size() - std::min(line.size(), std::strlen(text));
  const std::size_t known = text_start > found.start ? text_start - found.start : 0;
  std::erase_if(found.words, [known](const std::string& word) { return word.size() < known; });
  for (std::string& word : found.words) word.erase(0, known);
  if (found.words.empty()) return nullptr;
  rl_completion_append_character = found.words.size() == 1 && found.words[0].ends_with('/') ? '\0' : ' ';
  candidates = &found.words;
  char** matches = rl_completion_matches(text, &next_candidate);
  candidates = nullptr;
  return matches;
}

void start_editing() {
  static char blanks[] = " \t\n";
  rl_readline_name = "shoal";
  rl_getc_function = &read_character;
  rl_catch_signals = 0;
  rl_basic_word_break_characters = blanks;
  rl_completer_word_break_characters = blanks;
  rl_attempted_completion_function = &complete;
  rl_initialize();
  using_history();
  stifle_history(history_lines_max);
}

}  // namespace

bool console_possible() {
  return is_terminal(STDIN_FILENO) && is_terminal(STDOUT_FILENO);
}

void run_console(const std::string& state_directory, int finished, interrupt& stop) {
  console_state state;
  state.state_directory = state_directory;
  state.finished = finished;
  state.stop = &stop;
  console = &state;
  start_editing();
  const std::string history = state_directory + "/history";
  read_history(history.c_str());

  std::string last;
  bool go_on = true;
  while (go_on && !stop.terminates()) {
    begin_drawing(state.prompt);
    char* line = readline("shoal> ");
    state.prompt.end();
    if (line == nullptr) {
      print("\n");
      if (!stop.raised() || state.ended) break;
      stop.clear();
      continue;
    }
    const std::string text(line);
    std::free(line);
    if (text.find_first_not_of(" \t") != std::string::npos && text != last) {
      add_history(text.c_str());
      last = text;
    }
    go_on = run_console_line(text, state_directory, stop);
    stop.clear();
    pollfd ended{finished, POLLIN, 0};
    if (::poll(&ended, 1, 0) > 0) break;
  }
  // What was typed may name private files.
  const mode_t before = ::umask(0077);
  write_history(history.c_str());
  ::umask(before);
  console = nullptr;
}

}  // namespace shoal
