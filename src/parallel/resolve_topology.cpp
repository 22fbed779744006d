// Computes the sizes of directions that are not given.
#include <distload/parallel/resolve_topology.hpp>

#include <string>

#include <distload/base/bytes.hpp>
#include <distload/base/error.hpp>

namespace distload {

Topology resolve_topology(std::optional<std::uint32_t> tensor_parallel, std::uint32_t pipeline_parallel,
                          std::optional<std::uint32_t> data_parallel, std::uint32_t ranks,
                          std::uint32_t expert_parallel) {
  // The product of the given sizes, which may be large.
  auto const given =
      checked_multiply(std::uint64_t{tensor_parallel.value_or(1)} * pipeline_parallel, data_parallel.value_or(1));
  auto const open = !tensor_parallel || !data_parallel;
  if (!given || *given == 0 || (open ? ranks % *given != 0 : ranks != *given)) {
    auto const text = [](std::optional<std::uint32_t> value) {
      return value ? std::to_string(*value) : std::string("auto");
    };
    throw ConfigError("the job has " + std::to_string(ranks) + (ranks == 1 ? " rank" : " ranks") +
                      ", but topology is tensor_parallel " + text(tensor_parallel) + " x pipeline_parallel " +
                      std::to_string(pipeline_parallel) + " x data_parallel " + text(data_parallel) +
                      "; start it with mpirun -np " + (given && *given > 0 ? std::to_string(*given) : "N") +
                      (open ? " or a multiple of that" : ""));
  }
  auto const rest = static_cast<std::uint32_t>(ranks / *given);
  Topology const topology{tensor_parallel.value_or(rest), pipeline_parallel,
                          data_parallel.value_or(tensor_parallel ? rest : 1), expert_parallel};
  check_expert_parallel(topology);
  return topology;
}

}  // namespace distload
