// The rule files of config/models on the models of tests/families: every shard of every rank, stages, ties and experts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "family_tables.hpp"
#include "model_fixture.hpp"
#include "partition/partition_model.hpp"
#include "partition/rules/rule_directories.hpp"

namespace distload::testing {
namespace {

class FamilyTables : public ::testing::TestWithParam<TableModel> {
 protected:
  TableModel const& model_ = GetParam();
  Catalog catalog_ = [this] {
    std::vector<NamedShape> tensors;
    for (auto const& tensor : model_.tensors) tensors.emplace_back(tensor.name, tensor.shape);
    return make_catalog(tensors, 0);
  }();
  FamilyRules rules_ = find_rules({"auto", model_.config_json, default_rule_directories()});

  /// By the rules of the family, to which nothing may be missing.
  ModelLayout layout(Topology const& topology) const {
    return partition_model(catalog_, topology, rules_, model_.config_json);
  }
};

/// The positions along `axis` of the elements of a shard, in its order; -1 for padding. Along other axes it must be
/// whole.
std::vector<std::int64_t> positions_in(ShardLayout const& shard, Shape const& shape, std::size_t axis) {
  std::vector<std::int64_t> positions(shard.shape[axis], -1);
  for (auto const& piece : shard.pieces) {
    for (std::size_t other = 0; other < shape.size(); ++other) {
      if (other == axis) continue;
      EXPECT_EQ(piece.global.offset[other], 0U);
      EXPECT_EQ(piece.global.extent[other], shape[other]);
    }
    for (std::uint64_t at = 0; at < piece.global.extent[axis]; ++at) {
      positions.at(piece.local_offset[axis] + at) = static_cast<std::int64_t>(piece.global.offset[axis] + at);
    }
  }
  return positions;
}

TEST_P(FamilyTables, CutsEveryTensor) {
  for (std::uint32_t const ranks : {1U, 2U, 4U}) {
    auto const layout = this->layout({ranks, 1, 1});
    ASSERT_EQ(layout.parameters.size(), model_.tensors.size()) << "every tensor is loaded";
    for (auto const& tensor : model_.tensors) {
      auto const& partition = parameter_of(catalog_, layout, tensor.name).partition;
      auto const axis = cut_axis(tensor);
      for (std::uint32_t rank = 0; rank < ranks; ++rank) {
        auto const shard = shard_layout(partition, tensor.shape, rank, ranks);
        SCOPED_TRACE(tensor.name + " on rank " + std::to_string(rank) + " of " + std::to_string(ranks));
        if (axis < 0) {
          EXPECT_EQ(shard.shape, tensor.shape);
          continue;
        }
        auto const wanted = positions_of(tensor, rank, ranks);
        EXPECT_EQ(positions_in(shard, tensor.shape, static_cast<std::size_t>(axis)), wanted);
      }
    }
  }
}

TEST_P(FamilyTables, PutsEveryTensorOnItsStages) {
  for (std::uint32_t const stages : {1U, 2U, 3U}) {
    auto const layout = this->layout({1, stages, 1});
    std::map<std::string, std::string> aliases;
    for (auto const& alias : layout.aliases) aliases[alias.name] = alias.target;
    EXPECT_EQ(aliases, model_.tied);
    for (auto const& tensor : model_.tensors) {
      auto const wanted = stages_of(tensor.place, model_.layers, stages);
      std::set<std::uint32_t> held(wanted.begin(), wanted.end());
      for (auto const& [alias, target] : model_.tied) {
        if (target == tensor.name) held.insert(stages - 1);
      }
      EXPECT_THAT(parameter_of(catalog_, layout, tensor.name).stages, ::testing::ElementsAreArray(held)) << tensor.name;
    }
  }
}

/// True for a tensor of one expert, or of all.
bool is_of_experts(TableTensor const& tensor) {
  return tensor.name.find(".experts.") != std::string::npos || (cut_axis(tensor) > 0 && tensor.shape.size() == 3);
}

TEST_P(FamilyTables, KeepsExpertsWhole) {
  if (std::ranges::none_of(model_.tensors, is_of_experts)) {
    EXPECT_THAT(config_error_of([&] { this->layout({2, 1, 1, 2}); }), ::testing::HasSubstr("has no experts"));
    return;
  }
  auto const layout = this->layout({2, 1, 1, 2});
  for (auto const& tensor : model_.tensors) {
    auto const& experts = parameter_of(catalog_, layout, tensor.name).experts;
    ASSERT_EQ(experts.has_value(), is_of_experts(tensor)) << tensor.name;
    if (!experts) continue;
    // Experts are numbered, or the first axis of one tensor.
    auto const expert = tensor.name.find(".experts.");
    auto const number = expert == std::string::npos ? ' ' : tensor.name.at(expert + 9);
    if (number < '0' || number > '9') {
      EXPECT_EQ(*experts, (ExpertPlacement{std::nullopt, 0})) << tensor.name;
    } else {
      EXPECT_EQ(experts->group, number < '2' ? 0U : 1U) << tensor.name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, FamilyTables, ::testing::ValuesIn(read_family_tables(DISTLOAD_TEST_FAMILIES)),
                         [](auto const& model) { return model.param.name; });

}  // namespace
}  // namespace distload::testing
