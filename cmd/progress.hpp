// The running transfers of one command, drawn to stderr.
//
// On a terminal: one bar per transfer, redrawn in place at most ten times a second, never wider or higher than the
// terminal. Elsewhere: one line per transfer every five seconds. The caller feeds views, and calls tick() while it
// waits. Log lines go above the bars. finish() or the destructor removes the bars, so that results stand alone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "cmd/progress_line.hpp"
#include "cmd/terminal_lines.hpp"
#include "core/time.hpp"

namespace shoal {

class progress_display final : private drawing {
 public:
  /// How long a caller may wait between two ticks.
  static constexpr auto redraw_interval = std::chrono::milliseconds(100);
  static constexpr auto line_interval = std::chrono::seconds(5);

  explicit progress_display(int descriptor);
  ~progress_display() override;
  progress_display(const progress_display&) = delete;
  progress_display& operator=(const progress_display&) = delete;

  /// `request` and `id` together tell transfers apart.
  void update(std::uint64_t request, const std::string& id, transfer_view view, time_point now);
  void tick(time_point now);
  /// One line that stays, above the bars.
  void say(std::string_view line);
  /// Forgets the transfers of an answered request.
  void remove(std::uint64_t request);
  void finish();

 private:
  void draw();
  void erase();
  void on_line(std::string_view line) override;

  int descriptor_;
  bool terminal_;
  bool changed_ = false;
  time_point next_draw_;
  std::size_t lines_drawn_ = 0;
  std::string drawn_;  // what these lines are
  std::map<std::pair<std::uint64_t, std::string>, transfer_view> views_;
};

}  // namespace shoal
