/// run_child: runs another program and collects its output.
#pragma once

#include <string>
#include <vector>

namespace distload {

struct ChildResult {
  int exit_code = 0;  ///< 128 + n after signal n
  std::string output;
  std::string errors;
};

/// Local: runs `command`, whose first word is looked for in PATH, with `environment` and an empty stdin, and waits
/// until it has ended. It is told to end if this process dies.
/// @throws IoError  the system refuses.
ChildResult run_child(std::vector<std::string> command, std::vector<std::string> environment);

}  // namespace distload
