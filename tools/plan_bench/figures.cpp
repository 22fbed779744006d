#include "plan_bench/figures.hpp"

#include <array>
#include <cstdio>

namespace distload::plan_bench {

std::string number(double value, int digits) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string text_of(Topology const& topology) {
  auto text = std::to_string(topology.tensor_parallel) + " x " + std::to_string(topology.pipeline_parallel) + " x " +
              std::to_string(topology.data_parallel);
  if (topology.expert_parallel > 1) text += ", experts " + std::to_string(topology.expert_parallel);
  return text;
}

}  // namespace distload::plan_bench
