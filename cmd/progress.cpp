#include "cmd/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "cmd/output.hpp"
#include "cmd/terminal.hpp"
#include "cmd/text.hpp"

namespace shoal {

namespace {

constexpr std::size_t name_width_max = 40;

bool finished(const transfer_view& view) {
  return view.phase == "complete" || view.phase == "failed";
}

}  // namespace

progress_display::progress_display(int descriptor)
    : descriptor_(descriptor), terminal_(is_terminal(descriptor)), next_draw_(clock::now()) {
  if (terminal_) begin_drawing(*this);
  // A transfer that is done within the first interval needs no line in a log.
  if (!terminal_) next_draw_ += line_interval;
}

progress_display::~progress_display() {
  finish();
  if (terminal_) end_drawing(*this);
}

void progress_display::update(std::uint64_t request, const std::string& id, transfer_view view, time_point now) {
  views_[{request, id}] = std::move(view);
  changed_ = true;
  tick(now);
}

void progress_display::tick(time_point now) {
  if (now < next_draw_ || views_.empty() || (terminal_ && !changed_)) return;
  changed_ = false;
  if (terminal_) {
    next_draw_ = now + redraw_interval;
    draw();
    return;
  }
  next_draw_ = now + line_interval;
  // With --json stderr holds objects alone. A script asks `status`.
  if (json_output()) return;
  std::string text;
  for (const auto& [key, view] : views_) {
    if (!finished(view)) text += render_text(view) + "\n";
  }
  write_whole(descriptor_, text);
}

void progress_display::say(std::string_view line) {
  erase();
  note(line);
  changed_ = true;
}

void progress_display::remove(std::uint64_t request) {
  std::erase_if(views_, [request](const auto& entry) { return entry.first.first == request; });
  changed_ = true;
}

void progress_display::finish() {
  views_.clear();
  erase();
}

void progress_display::draw() {
  const terminal_size size = size_of_terminal(descriptor_);
  // The last column stays free: some terminals wrap as soon as it is written.
  const std::size_t width = size.columns > 1 ? size.columns - 1 : 1;
  const std::size_t lines_max = size.rows > 2 ? size.rows - 2 : 1;
  std::size_t name_width = 0;
  for (const auto& [key, view] : views_) name_width = std::max(name_width, display_width(view.name));
  name_width = std::min({name_width, name_width_max, std::max<std::size_t>(width / 3, 8)});

  std::vector<std::string> lines;
  std::size_t hidden = 0;
  for (const auto& [key, view] : views_) {
    const auto rendered = render_bar(view, width, name_width);
    if (hidden > 0 || lines.size() + rendered.size() > lines_max) {
      ++hidden;
    } else {
      lines.insert(lines.end(), rendered.begin(), rendered.end());
    }
  }
  if (hidden > 0) lines.push_back(cut_to_width(fmt::format("… and {} more", hidden), width));

  std::string text = "\r";
  for (const std::string& line : lines) text += line + "\x1b[K\n";
  text += "\x1b[J";
  const auto lock = lock_terminal();
  if (lines_drawn_ > 0) write_whole(descriptor_, fmt::format("\x1b[{}A", lines_drawn_));
  lines_drawn_ = lines.size();
  drawn_ = std::move(text);
  write_whole(descriptor_, drawn_);
}

void progress_display::on_line(std::string_view line) {
  if (lines_drawn_ > 0) write_whole(descriptor_, fmt::format("\x1b[{}A\r\x1b[J", lines_drawn_));
  write_whole(STDERR_FILENO, line);
  if (lines_drawn_ > 0) write_whole(descriptor_, drawn_);
}

void progress_display::erase() {
  const auto lock = lock_terminal();
  if (lines_drawn_ == 0) return;
  write_whole(descriptor_, fmt::format("\x1b[{}A\r\x1b[J", lines_drawn_));
  lines_drawn_ = 0;
}

}  // namespace shoal
