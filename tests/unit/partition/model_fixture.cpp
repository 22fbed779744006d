// Catalogs for the tests of partition rules.
#include "model_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "partition/partition_model.hpp"
#include "partition/rules/rule_directories.hpp"

namespace distload::testing {

Catalog make_catalog(std::vector<NamedShape> const& tensors, std::uint32_t layers) {
  static std::string const kLayer = "{layer}";
  Catalog catalog;
  catalog.path = "model";
  auto const add = [&](std::string name, Shape const& shape) {
    TensorInfo tensor;
    tensor.name = std::move(name);
    tensor.dtype = DType::bf16;
    tensor.shape = shape;
    catalog.tensors.push_back(std::move(tensor));
  };
  for (auto const& [name, shape] : tensors) {
    auto const position = name.find(kLayer);
    if (position == std::string::npos) {
      add(name, shape);
      continue;
    }
    for (std::uint32_t layer = 0; layer < layers; ++layer) {
      add(std::string(name).replace(position, kLayer.size(), std::to_string(layer)), shape);
    }
  }
  std::sort(catalog.tensors.begin(), catalog.tensors.end(),
            [](TensorInfo const& a, TensorInfo const& b) { return a.name < b.name; });
  return catalog;
}

Parameter parameter_of(Catalog const& catalog, ModelLayout const& layout, std::string const& name) {
  for (auto const& parameter : layout.parameters) {
    if (catalog.tensors[parameter.tensor].name == name) return parameter;
  }
  ADD_FAILURE() << "no parameter " << name;
  return {};
}

Shape shard_of(Catalog const& catalog, ModelLayout const& layout, Topology const& topology, std::string const& name) {
  auto const parameter = parameter_of(catalog, layout, name);
  return shard_layout(parameter.partition, catalog.tensors[parameter.tensor].shape, 0, topology.tensor_parallel).shape;
}

RuleText shared_formats() {
  auto const path = default_rule_directories().back() + "/quantization/formats.yaml";
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(file) << path;
  return {path, text.str()};
}

FamilyRules rules_of(std::string text, std::vector<RuleText> bases) {
  bases.push_back(shared_formats());
  return {"test", "folder/test.yaml", std::move(text), std::move(bases)};
}

}  // namespace distload::testing
