/// Table: columns of text for people, each as wide as its widest cell.
#pragma once

#include <string>
#include <vector>

namespace distload {

class Table {
 public:
  /// Rows may differ in length.
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  /// The rows, cells padded, two spaces between columns, no spaces at the ends of lines.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace distload
