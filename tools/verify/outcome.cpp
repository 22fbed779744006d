// Orders exit codes.
#include "verify/outcome.hpp"

#include <algorithm>
#include <array>

namespace distload {
namespace {

/// From worst to best.
constexpr std::array kOrder{ExitCode::corrupt_data, ExitCode::io, ExitCode::no_valid_checkpoint,
                            ExitCode::nothing_to_compare, ExitCode::done};

}  // namespace

bool is_about_checkpoint(ExitCode code) noexcept {
  return std::ranges::find(kOrder, code) != kOrder.end() && code != ExitCode::done;
}

ExitCode worst_of(std::span<Outcome const> outcomes) noexcept {
  for (auto const code : kOrder) {
    if (std::ranges::find(outcomes, code, &Outcome::code) != outcomes.end()) return code;
  }
  return ExitCode::done;
}

}  // namespace distload
