#include "cmd/table.hpp"

#include <algorithm>

#include "cmd/text.hpp"

namespace shoal {

namespace {

constexpr std::string_view gap = "  ";
// A shorter name says nothing any more. The line may then be longer than the terminal.
constexpr std::size_t first_column_width_min = 8;

}  // namespace

void table::add_row(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (std::string& cell : cells) cell = displayable(cell);
  rows_.push_back(std::move(cells));
}

std::string table::render(std::size_t width_max) const {
  std::vector<std::size_t> widths;
  for (const column& column : columns_) widths.push_back(display_width(column.title));
  for (const auto& row : rows_) {
    for (std::size_t at = 0; at < row.size(); ++at) widths[at] = std::max(widths[at], display_width(row[at]));
  }
  std::size_t total = gap.size() * (columns_.size() - 1);
  for (const std::size_t width : widths) total += width;
  if (width_max != 0 && total > width_max) {
    const std::size_t excess = total - width_max;
    const std::size_t fitting = widths[0] > excess ? widths[0] - excess : 0;
    widths[0] = std::min(widths[0], std::max(first_column_width_min, fitting));
  }

  std::string text;
  const auto add_line = [&](const auto& cell_at) {
    std::string line;
    for (std::size_t at = 0; at < columns_.size(); ++at) {
      if (at > 0) line += gap;
      std::string cell(cell_at(at));
      if (at == 0) cell = cut_to_width(cell, widths[0]);
      line += columns_[at].alignment == align::left ? pad_right(std::move(cell), widths[at])
                                                    : pad_left(std::move(cell), widths[at]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  add_line([this](std::size_t at) { return columns_[at].title; });
  for (const auto& row : rows_) {
    add_line([&row](std::size_t at) -> const std::string& { return row[at]; });
  }
  return text;
}

}  // namespace shoal
