// SIGINT, SIGTERM and SIGHUP as something that can be polled; SIGHUP not under nohup(1).
//
// One object, which main makes before any thread. The handler only counts and writes to a pipe. A third unanswered
// signal ends the process at once, so that a user is never locked in.
#pragma once

namespace shoal {

class interrupt {
 public:
  interrupt();
  interrupt(const interrupt&) = delete;
  interrupt& operator=(const interrupt&) = delete;
  ~interrupt();

  /// A signal has come since the last clear().
  bool raised() const;
  /// SIGTERM or SIGHUP has come: the process must end, not only stop what it does. Stays true after clear().
  bool terminates() const;
  void clear();
  /// Readable while raised().
  int descriptor() const { return pipe_[0]; }

 private:
  int pipe_[2] = {-1, -1};
};

}  // namespace shoal
