/// Table: columns of text for people, each as wide as its widest cell.
#pragma once

#include <string>
#include <vector>

namespace distload {

class Table {
 public:
  /// Rows may differ in length. Cells are shown as `printable` makes them, at most 1,000 characters of each: names are
  /// cut by the caller, paths may be long.
  void add(std::vector<std::string> row);

  /// The rows, cells padded, two spaces between columns, no spaces at the ends of lines.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace distload
