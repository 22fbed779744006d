/// exit_codes: what the exit codes of programs mean.
#pragma once

#include <span>
#include <string_view>

namespace distload {

struct ExitCodeText {
  std::string_view code;
  std::string_view meaning;
};

std::span<ExitCodeText const> exit_codes() noexcept;

}  // namespace distload
