// Applies the rules of the model's family, and plans.
#include "inspect/planned.hpp"

#include <utility>

#include <distload/base/error.hpp>

#include "checkpoint/safetensors/model_config_file.hpp"
#include "io/files/same_bytes.hpp"
#include "partition/partition_model.hpp"
#include "partition/rules/rule_directories.hpp"
#include "plan/make_plan.hpp"

namespace distload {

Planned plan_for(Catalog const& catalog, Topology const& topology, RulesChoice const& choice) {
  RulesSource const source{choice.family, catalog.metadata.config_json, default_rule_directories(), choice.rules,
                           config_file_of(catalog)};
  auto layout = partition_model(catalog, topology, source);
  LayoutOptions same;
  for (auto const& [alias, target] : layout.untied) {
    auto const& stored = catalog.tensors[alias];
    try {
      if (same_bytes(catalog, stored, catalog.tensors[target])) same.same_bytes.push_back(stored.name);
    } catch (Error const&) {
      // The bytes may be among those that are cut off.
    }
  }
  if (!same.same_bytes.empty()) layout = partition_model(catalog, topology, source, same);
  auto plan = make_plan(catalog, layout, topology, 0, {});
  return {std::move(layout), std::move(plan)};
}

}  // namespace distload
