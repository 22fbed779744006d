// Compares the inputs of a projection with the heads of a rank.
#include "layers/heads_output.hpp"

#include <distload/base/error.hpp>

#include "base/text.hpp"

namespace distload {

HeadsOutput::HeadsOutput(ShardedModel const& model, std::string const& name, std::vector<std::uint32_t> const& held,
                         std::uint32_t heads, std::uint32_t head_dim, Communicator& group)
    : matrix_(model, linear_part(model, name), heads, group) {
  auto const inputs = matrix_.inputs();
  auto const first = held.empty() ? inputs.begin : held.front() * std::uint64_t{head_dim};
  if (inputs != Range{first, first + held.size() * head_dim} ||
      matrix_.matrix().global_inputs() != std::uint64_t{heads} * head_dim) {
    throw ConfigError("'" + printable(matrix_.matrix().shard().name()) + "' has inputs " +
                      std::to_string(inputs.begin) + " to " + std::to_string(inputs.end) +
                      " on this rank, which are not the results of its " + std::to_string(held.size()) + " heads of " +
                      std::to_string(head_dim));
  }
}

}  // namespace distload
