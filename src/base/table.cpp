// Pads the columns of tables.
#include "base/table.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace distload {

void Table::add(std::vector<std::string> row) {
  constexpr std::size_t kShownOfCell = 1000;
  for (auto& cell : row) cell = printable(cell, kShownOfCell);
  rows_.push_back(std::move(row));
}

std::string Table::text() const {
  std::vector<std::size_t> widths;
  for (auto const& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (auto const& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += row[i];
      if (i + 1 < row.size()) text.append(widths[i] + 2 - row[i].size(), ' ');
    }
    text += '\n';
  }
  return text;
}

}  // namespace distload
