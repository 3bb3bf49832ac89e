#include "cmd/progress_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "cmd/text.hpp"
#include "control/described.hpp"

namespace shoal {

namespace {

constexpr std::size_t name_width_min = 8;
constexpr std::size_t bar_width_min = 10;
constexpr std::size_t bar_width_max = 40;
// Wide enough for the longest value, so that columns do not jump while numbers change.
constexpr std::size_t percent_width = 4;
constexpr std::size_t fraction_width = 13;
constexpr std::size_t rate_width = 9;
constexpr std::size_t eta_width = 11;

constexpr double eta_max = 3e9;
// A download that takes longer from now on, after so long, is slow: people want to know why. Seconds.
constexpr double slow_left = 10;
constexpr double slow_after = 3;

unsigned percent_of(const transfer_view& view) {
  if (view.total == 0) return view.phase == "complete" ? 100 : 0;
  const double share = static_cast<double>(view.done) / static_cast<double>(view.total);
  // Only a complete transfer is at 100 %.
  const auto percent = static_cast<unsigned>(std::clamp(share * 100.0, 0.0, 100.0));
  return view.done < view.total ? std::min(percent, 99U) : percent;
}

std::string bar_of(const transfer_view& view, std::size_t width) {
  const std::size_t inside = width - 2;
  const double share =
      view.total == 0 ? 0 : std::min(1.0, static_cast<double>(view.done) / static_cast<double>(view.total));
  const auto filled = std::min(inside, static_cast<std::size_t>(share * static_cast<double>(inside)));
  std::string bar(filled, '=');
  if (filled < inside && filled > 0) bar.back() = '>';
  bar.resize(inside, ' ');
  return "[" + bar + "]";
}

bool moving(const transfer_view& view) {
  return view.phase == "downloading" || view.phase == "hashing" || view.phase == "verifying";
}

std::string eta_of(const transfer_view& view) {
  if (!moving(view)) return view.phase;
  if (view.eta < 0) return "ETA ?";
  return "ETA " + clock_duration(view.eta);
}

std::string sources_of(const transfer_view& view) {
  return view.has_sources ? fmt::format("from {}", view.sources) : std::string();
}

bool is_slow(const rows::download& row) {
  return row.phase == "downloading" && row.elapsed >= slow_after && (row.eta < 0 || row.eta > slow_left);
}

}  // namespace

transfer_view view_of(const rows::download& row, const std::string& fallback_name) {
  // An ETA beyond a century is none.
  const bool soon = row.eta >= 0 && row.eta < eta_max;
  return {
      .name = displayable(row.name.empty() ? fallback_name : row.name),
      .phase = row.phase,
      .reason = displayable(row.reason.empty() && is_slow(row) ? row.why : row.reason),
      .done = row.done,
      .total = row.bytes,
      .rate = row.rate,
      .eta = soon ? std::llround(row.eta) : -1,
      .sources = static_cast<std::size_t>(std::ranges::count_if(
          row.sources, [](const rows::source& source) { return source.state != "gone" && source.state != "done"; })),
      .has_sources = true};
}

transfer_view view_of(const rows::progress& row, const std::string& fallback_name) {
  const std::string file = std::filesystem::path(row.path).filename().string();
  const double left = static_cast<double>(row.total) - static_cast<double>(row.done);
  const bool soon = row.rate > 0 && left >= 0 && left / row.rate < eta_max;
  return {.name = displayable(file.empty() ? fallback_name : file),
          .phase = row.what == "hash" ? "hashing" : "verifying",
          .reason = "",
          .done = row.done,
          .total = row.total,
          .rate = row.rate,
          .eta = soon ? std::llround(left / row.rate) : -1};
}

transfer_view view_of_notice(const boost::json::object& params, const std::string& fallback_name) {
  if (params.contains("what")) return view_of(from_json<rows::progress>(params), fallback_name);
  return view_of(from_json<rows::download>(params), fallback_name);
}

std::string reused_text(const rows::download& row) {
  if (row.bytes_reused == 0) return {};
  return fmt::format(", {} of it was on this disk, {} fetched", human_bytes(row.bytes_reused),
                     human_bytes(row.bytes_fetched));
}

std::vector<std::string> render_bar(const transfer_view& view, std::size_t width, std::size_t name_width) {
  const std::string percent = pad_left(fmt::format("{}%", percent_of(view)), percent_width);
  const std::string fraction = pad_left(human_fraction(view.done, view.total), fraction_width);
  const std::string rate = pad_left(human_rate(view.rate), rate_width);
  const std::string eta = pad_right(eta_of(view), eta_width);
  const std::string sources = sources_of(view);

  // Room is given away in this order: percent, a short name, ETA, rate, bar, sources, bytes, more name, more
  // bar.
  std::size_t left = width;
  const auto take = [&left](std::size_t columns) {
    if (left < columns + 1) return false;
    left -= columns + 1;
    return true;
  };
  const bool has_percent = take(percent_width);
  std::size_t name_columns = std::min({name_width, name_width_min, left});
  left -= name_columns;
  const bool has_eta = take(eta_width);
  const bool has_rate = take(rate_width);
  const bool has_bar = take(bar_width_min);
  const bool has_sources = !sources.empty() && take(display_width(sources));
  const bool has_fraction = take(display_width(fraction));
  const std::size_t more_name = std::min(name_width - name_columns, left);
  name_columns += more_name;
  left -= more_name;
  const std::size_t bar_columns = std::min(bar_width_max, bar_width_min + left);

  std::string line = pad_right(cut_to_width(view.name, name_columns), name_columns);
  if (has_percent) line += " " + percent;
  if (has_bar) line += " " + bar_of(view, bar_columns);
  if (has_fraction) line += " " + fraction;
  if (has_rate) line += " " + rate;
  if (has_eta) line += " " + eta;
  if (has_sources) line += " " + sources;
  std::vector<std::string> lines{cut_to_width(line, width)};
  if (!view.reason.empty()) lines.push_back(cut_to_width("  " + view.reason, width));
  return lines;
}

std::string render_text(const transfer_view& view) {
  std::string line = fmt::format("{}: {} %, {}", view.name, percent_of(view), human_fraction(view.done, view.total));
  if (!moving(view)) line += ", " + view.phase;
  line += ", " + human_rate(view.rate);
  if (moving(view) && view.eta >= 0) line += ", ETA " + human_duration(view.eta);
  if (view.has_sources) line += ", " + human_count(view.sources, "source");
  if (!view.reason.empty()) line += "; " + view.reason;
  return line;
}

}  // namespace shoal
