// A table of text with aligned columns, for the listings.
//
// Pure; owns its cells. The caller says how wide it may be.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace shoal {

class table {
 public:
  enum class align { left, right };
  struct column {
    std::string_view title;
    align alignment = align::left;
  };

  explicit table(std::vector<column> columns) : columns_(std::move(columns)) {}

  /// One cell per column. Cells are made printable. Missing cells stay empty, and further ones are dropped.
  void add_row(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }

  /// Title line and rows, each ended by a newline, two spaces between columns, no trailing spaces. If `width_max` is
  /// not 0, the first column is cut (down to 8 columns) so that lines fit.
  std::string render(std::size_t width_max = 0) const;

 private:
  std::vector<column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace shoal
