/// Table: text columns, each as wide as its widest cell.
#pragma once

#include <string>
#include <vector>

namespace distload {

class Table {
 public:
  /// Adds a row. Rows may differ in length. Cells are passed through `printable` and cut after 1,000 characters:
  /// callers shorten names; paths may be long.
  void add(std::vector<std::string> row);

  /// The rows with padded cells, two spaces between columns and no trailing spaces.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace distload
