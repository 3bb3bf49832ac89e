#include "cmd/interrupt.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>

namespace shoal {

namespace {

std::atomic<int> signals_pending = 0;
std::atomic<bool> termination_asked = false;
std::atomic<int> wake_descriptor = -1;
static_assert(std::atomic<int>::is_always_lock_free, "signal handlers may only touch lock-free atomics");

constexpr int signals_until_exit = 3;
constexpr int interrupted_exit_code = 130;

void on_signal(int number) {
  const int saved = errno;
  if (number == SIGTERM || number == SIGHUP) termination_asked = true;
  if (++signals_pending >= signals_until_exit) _exit(interrupted_exit_code);
  const char byte = 0;
  // A full pipe is readable already.
  if (::write(wake_descriptor, &byte, 1) < 0) errno = saved;
  errno = saved;
}

void handle(int number, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  ::sigaction(number, &action, nullptr);
}

}  // namespace

interrupt::interrupt() {
  if (::pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot open a pipe");
  }
  wake_descriptor = pipe_[1];
  handle(SIGINT, &on_signal);
  handle(SIGTERM, &on_signal);
  // A user that starts this with nohup wants it to outlive the terminal.
  struct sigaction before = {};
  if (::sigaction(SIGHUP, nullptr, &before) == 0 && before.sa_handler != SIG_IGN) handle(SIGHUP, &on_signal);
}

interrupt::~interrupt() {
  handle(SIGINT, SIG_DFL);
  handle(SIGTERM, SIG_DFL);
  handle(SIGHUP, SIG_DFL);
  wake_descriptor = -1;
  ::close(pipe_[0]);
  ::close(pipe_[1]);
}

bool interrupt::raised() const {
  return signals_pending > 0;
}

bool interrupt::terminates() const {
  return termination_asked;
}

void interrupt::clear() {
  char bytes[64];
  while (::read(pipe_[0], bytes, sizeof bytes) > 0) {
  }
  signals_pending = 0;
}

}  // namespace shoal
