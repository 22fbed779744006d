/// InjectedFault: one rank fails in one phase.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/fault.hpp"

namespace distload {

/// Makes one rank fail in one phase for as long as it lives: every time, or only the n-th.
class InjectedFault {
 public:
  InjectedFault(std::string const& phase, std::uint32_t victim, std::uint32_t rank, std::uint32_t time = 0)
      : rank_(rank) {
    auto const fault = phase + ":" + std::to_string(victim) + (time == 0 ? "" : ":io:" + std::to_string(time));
    ::setenv("DISTLOAD_FAULT", fault.c_str(), 1);
    set_fault_rank(rank);
  }
  ~InjectedFault() {
    ::unsetenv("DISTLOAD_FAULT");
    set_fault_rank(rank_);
  }
  InjectedFault(InjectedFault const&) = delete;
  InjectedFault& operator=(InjectedFault const&) = delete;

 private:
  std::uint32_t rank_;
};

}  // namespace distload
