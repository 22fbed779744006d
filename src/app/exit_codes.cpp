// The table of exit codes.
#include "app/exit_codes.hpp"

#include <array>

namespace distload {

std::span<ExitCodeText const> exit_codes() noexcept {
  static constexpr std::array kCodes{
      ExitCodeText{"0", "success"},
      ExitCodeText{"1", "internal error"},
      ExitCodeText{"2", "usage"},
      ExitCodeText{"3", "configuration, rules or topology"},
      ExitCodeText{"4", "no valid checkpoint"},
      ExitCodeText{"5", "corrupt data"},
      ExitCodeText{"6", "I/O error"},
      ExitCodeText{"7", "communication failed, no device can be used, or no rank made progress for runtime.timeout"},
      ExitCodeText{"8", "more memory needed than may be used"},
      ExitCodeText{"9", "no checksums to verify with, or nothing to compare with"},
      ExitCodeText{"10", "outputs differ from what they are compared with"},
      ExitCodeText{"128 + n", "ended by signal n: 130 after Ctrl-C"},
  };
  return kCodes;
}

}  // namespace distload
