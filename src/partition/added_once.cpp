// Finds biases by the names of their weights.
#include "partition/added_once.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace distload::rules {

void mark_added_once(Catalog const& catalog, ModelLayout& layout) {
  constexpr std::string_view kBias = ".bias";
  auto const name_of = [&](Parameter const& parameter) -> std::string const& {
    return catalog.tensors[parameter.tensor].name;
  };
  for (auto& parameter : layout.parameters) {
    auto const& name = name_of(parameter);
    if (parameter.partition.kind != PartitionKind::replicated || !name.ends_with(kBias)) continue;
    auto const weight = name.substr(0, name.size() - kBias.size()) + ".weight";
    auto const found = std::ranges::lower_bound(layout.parameters, weight, {}, name_of);
    parameter.added_once = found != layout.parameters.end() && name_of(*found) == weight &&
                           found->partition.kind == PartitionKind::row_parallel && !found->experts;
  }
}

}  // namespace distload::rules
