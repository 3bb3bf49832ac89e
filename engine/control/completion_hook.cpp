#include "control/completion_hook.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ranges>
#include <string_view>
#include <utility>

#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/share/share.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

/// How often a command is looked at that cannot be waited for.
constexpr duration command_look_interval = std::chrono::seconds(1);

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& one : texts) pointers.push_back(one.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// There is such a file, or a file of such a name in PATH, as posix_spawnp(3) looks for it. Else errno says why not.
bool is_program(const std::string& named) {
  if (named.find('/') != std::string::npos) return access(named.c_str(), X_OK) == 0;
  const char* path = std::getenv("PATH");
  for (const auto folder : std::views::split(std::string_view(path != nullptr ? path : ""), ':')) {
    const std::string place(folder.begin(), folder.end());
    if (access(((place.empty() ? "." : place) + "/" + named).c_str(), X_OK) == 0) return true;
  }
  errno = ENOENT;
  return false;
}

/// The environment of this process with more variables.
std::vector<std::string> environment_with(const std::vector<std::string>& facts) {
  std::vector<std::string> all;
  for (char** one = environ; *one != nullptr; ++one) all.emplace_back(*one);
  all.insert(all.end(), facts.begin(), facts.end());
  return all;
}

/// The process of the command, in a group of its own. Blocks until it runs.
result<pid_t> start(std::vector<std::string> command, const std::vector<std::string>& facts) {
  std::vector<std::string> environment = environment_with(facts);
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  // Not all descriptors of this process are closed by exec.
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  constexpr int flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  posix_spawnattr_setflags(&attributes, flags);
  pid_t child = -1;
  const int failure = posix_spawnp(&child, command.front().c_str(), &files, &attributes, pointers_to(command).data(),
                                   pointers_to(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (failure != 0) return system_error("cannot run '" + printable(command.front()) + "'", failure);
  return child;
}

}  // namespace

completion_hook::completion_hook(asio::any_io_executor executor, std::vector<std::string> command)
    : command_(std::move(command)), changed_(executor), child_(executor) {}

result<void> completion_hook::check() const {
  if (command_.empty() || is_program(command_.front())) return {};
  return system_error("cannot run '" + printable(command_.front()) + "' when a download is complete", errno);
}

void completion_hook::on_complete(const share& which) {
  const auto info = which.content().info();
  const auto files = which.content().files();
  if (command_.empty() || stopped_ || !info || !files) return;
  if (waiting_.size() >= completions_waiting_max) {
    log_warn("a command is not run, too many wait name=\"{}\"", printable(which.name()));
    return;
  }
  waiting_.push_back({"SHOAL_ID=" + which.id().hex(), "SHOAL_NAME=" + which.name(), "SHOAL_PATH=" + files->path(),
                      "SHOAL_BYTES=" + std::to_string(info->total_bytes())});
  changed_.set();
}

awaitable<void> completion_hook::run(asio::thread_pool& background) {
  while (!stopped_) {
    if (waiting_.empty()) {
      co_await changed_.wait();
      continue;
    }
    std::vector<std::string> facts = std::move(waiting_.front());
    waiting_.pop_front();
    co_await run_command(background, std::move(facts));
  }
}

awaitable<void> completion_hook::run_command(asio::thread_pool& background, std::vector<std::string> facts) {
  auto begin = [command = command_, facts] { return start(command, facts); };
  const result<pid_t> child = co_await offload(background, std::move(begin));
  if (!child) {
    log_warn("the command for a complete download fails error=\"{}\"", child.error().text);
    co_return;
  }
  const auto descriptor = static_cast<int>(syscall(SYS_pidfd_open, *child, 0));
  if (descriptor >= 0) child_.assign(descriptor);
  int status = 0;
  pid_t ended = 0;
  while (!stopped_ && (ended = waitpid(*child, &status, WNOHANG)) == 0) {
    if (child_.is_open()) {
      (void)co_await child_.async_wait(asio::posix::stream_descriptor::wait_read, use_tuple);
    } else {
      // For want of descriptors.
      (void)co_await changed_.wait_until(clock::now() + command_look_interval);
    }
  }
  error_code ignored;
  child_.close(ignored);
  if (ended != *child || status == 0) co_return;
  log_warn("the command for a complete download fails {}={}", WIFEXITED(status) ? "exit" : "signal",
           WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

void completion_hook::stop() {
  stopped_ = true;
  changed_.set();
  error_code ignored;
  child_.close(ignored);
}

}  // namespace shoal
