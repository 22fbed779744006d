// Expectations on layouts.
#include "expect_shards.hpp"

#include <gtest/gtest.h>

#include "model_fixture.hpp"
#include "partition/partition_model.hpp"
#include "partition/rules/rule_directories.hpp"

namespace distload::testing {

ModelLayout layout_of(RealModel const& model, Topology const& topology) {
  // The tables name only the tensors that they are about.
  LayoutOptions options;
  options.missing = Tolerance::ignore;
  // What is tied, and stored twice all the same, is the same.
  options.same_bytes = {"lm_head.weight",
                        "lm_head.decoder.weight",
                        "lm_head.decoder.bias",
                        "cls.predictions.decoder.weight",
                        "cls.predictions.decoder.bias",
                        "encoder.embed_tokens.weight",
                        "decoder.embed_tokens.weight"};
  return partition_model(model.catalog, topology, {"auto", model.config_json, default_rule_directories()}, options);
}

void expect_shards(RealModel const& model, std::uint32_t tensor_parallel, std::vector<Expected> const& table) {
  Topology const topology{tensor_parallel, 1, 1};
  auto const layout = layout_of(model, topology);
  for (auto const& [name, kind, shard] : table) {
    EXPECT_EQ(parameter_of(model.catalog, layout, name).partition.kind, kind) << name;
    EXPECT_EQ(shard_of(model.catalog, layout, topology, name), shard) << name << " on " << tensor_parallel << " ranks";
  }
}

}  // namespace distload::testing
