// A rule file and, behind a line `====`, a config.json, over a tiny catalog and several topologies.
#include <string>
#include <vector>

#include <distload/base/error.hpp>

#include "checkpoint/validate_catalog.hpp"
#include "fuzz/fuzz_target.hpp"
#include "partition/fuse.hpp"
#include "partition/partition_model.hpp"
#include "partition/placement.hpp"
#include "partition/rules/rule_reader.hpp"

namespace distload::fuzz {
namespace {

/// Names of two layers, of experts and of scales, as the families of config/models have them.
Catalog const& catalog() {
  static Catalog const made = [] {
    struct Tensor {
      char const* name;
      DType dtype;
      Shape shape;
    };
    static std::vector<Tensor> const tensors{
        {"lm_head.weight", DType::bf16, {10, 8}},
        {"model.embed_tokens.weight", DType::bf16, {10, 8}},
        {"model.layers.0.mlp.down_proj.weight", DType::bf16, {8, 12}},
        {"model.layers.0.mlp.experts.0.up_proj.weight", DType::bf16, {12, 8}},
        {"model.layers.0.mlp.experts.1.up_proj.weight", DType::bf16, {12, 8}},
        {"model.layers.0.mlp.experts.gate_up_proj", DType::bf16, {2, 8, 12}},
        {"model.layers.0.mlp.up_proj.weight", DType::f8_e4m3, {12, 8}},
        {"model.layers.0.mlp.up_proj.weight_scale_inv", DType::f32, {3, 2}},
        {"model.layers.0.self_attn.k_proj.weight", DType::bf16, {4, 8}},
        {"model.layers.0.self_attn.q_proj.bias", DType::bf16, {8}},
        {"model.layers.0.self_attn.q_proj.weight", DType::bf16, {8, 8}},
        {"model.layers.0.self_attn.qkv_proj.weight", DType::bf16, {16, 8}},
        {"model.layers.0.self_attn.v_proj.weight", DType::bf16, {4, 8}},
        {"model.layers.1.self_attn.q_proj.weight", DType::bf16, {8, 8}},
        {"model.norm.weight", DType::f32, {8}},
        {"model.scalar", DType::f32, {}},
    };
    Catalog result;
    result.path = "c";
    result.files.push_back({"c", kMiB});
    Bytes at = 0;
    for (auto const& [name, dtype, shape] : tensors) {
      auto const number = static_cast<std::uint32_t>(result.tensors.size());
      auto const nbytes = volume(shape) * size_of(dtype);
      result.extents.push_back({number, 0, at, nbytes, whole(shape), kNoBlocks});
      result.tensors.push_back({name, dtype, shape, number, 1, "", -1});
      at += nbytes;
    }
    validate(result);
    return result;
  }();
  return made;
}

/// Every element of a parameter is in some rank's shard, and no shard is larger than its pieces say.
void expect_whole(Catalog const& stored, Parameter const& parameter, Topology const& topology) {
  auto const& shape = stored.tensors.at(parameter.tensor).shape;
  auto const placement = placement_of(parameter.partition, parameter.experts, shape, topology);
  std::uint64_t held = 0;
  for (std::uint32_t part = 0; part < placement.parts; ++part) {
    auto const layout = shard_layout(placement.partition, shape, part, placement.parts);
    std::uint64_t in_shard = 0;
    for (auto const& piece : layout.pieces) in_shard += volume(piece.global);
    expect(in_shard <= volume(layout.shape), "a shard is smaller than what lies in it");
    held += in_shard;
  }
  expect(held >= volume(shape), "no rank holds some elements of a parameter");
  for (auto const stage : parameter.stages) expect(stage < topology.pipeline_parallel, "there is no such stage");
  expect(!parameter.stages.empty(), "no stage holds a parameter");
}

void lay_out(FamilyRules const& rules, std::string_view config_json, Topology const& topology,
             LayoutOptions const& options) {
  try {
    auto const layout = partition_model(catalog(), topology, rules, config_json, options);
    for (auto const& parameter : layout.parameters) expect_whole(catalog(), parameter, topology);
    if (layout.fusions.empty()) return;
    auto const fused = fuse(catalog(), layout);
    for (auto const& parameter : fused.layout.parameters) expect_whole(fused.catalog, parameter, topology);
  } catch (ConfigError const&) {
    // Another topology may fit.
  }
}

}  // namespace

void one_input(Input input) {
  auto const [text, config_json] = two_texts(text_of(input));
  FamilyRules const rules{"f", "f.yaml", std::string(text)};
  static_cast<void>(distload::rules::read_rules(rules));  // what is no rule file need not be tried on each topology
  LayoutOptions tolerant;
  tolerant.missing = Tolerance::warn;
  tolerant.unexpected = Tolerance::ignore;
  lay_out(rules, config_json, {1, 1, 1, 1}, {});
  lay_out(rules, config_json, {1, 1, 1, 1}, tolerant);
  lay_out(rules, config_json, {2, 1, 1, 2}, tolerant);
  tolerant.uneven = true;
  tolerant.transpose = true;
  lay_out(rules, config_json, {3, 2, 1, 1}, tolerant);
  tolerant.transpose = false;
  tolerant.fuse = {"qkv"};
  lay_out(rules, config_json, {2, 2, 1, 1}, tolerant);
}

}  // namespace distload::fuzz
