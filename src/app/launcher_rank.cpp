// Reads what launchers put into the environment.
#include "app/launcher_rank.hpp"

#include <array>
#include <charconv>
#include <cstdlib>

#include "base/standard_streams.hpp"

namespace distload {
namespace {

/// Of Open MPI, PMIx, MPICH and others with PMI, MVAPICH, PALS, and Slurm. Slurm's is the last: mpirun in a task of
/// srun has its own ranks.
constexpr std::array kRankVariables{"OMPI_COMM_WORLD_RANK", "PMIX_RANK",   "PMI_RANK",
                                    "MV2_COMM_WORLD_RANK",  "PALS_RANKID", "SLURM_PROCID"};

}  // namespace

std::optional<std::uint32_t> launcher_rank(Environment const& environment) {
  for (auto const* const name : kRankVariables) {
    auto const* const value = environment(name);
    if (value == nullptr) continue;
    std::string_view const text = value;
    std::uint32_t rank = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), rank);
    if (error == std::errc() && end == text.data() + text.size()) return rank;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> launcher_rank() {
  return launcher_rank([](char const* name) -> char const* { return std::getenv(name); });
}

void print_once(std::string_view text) {
  if (launcher_rank().value_or(0) == 0) print(text);
}

}  // namespace distload
