// Plans redistributions for rank 0 of each job, eight ranks to a node.
#include "plan_bench/redistributions.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "base/scope_timer.hpp"
#include "base/table.hpp"
#include "base/text.hpp"
#include "partition/model_recipe.hpp"
#include "partition/rules/rule_directories.hpp"
#include "plan_bench/catalogs.hpp"
#include "plan_bench/models.hpp"
#include "plan_bench/topology_text.hpp"
#include "redistribute/plan/make_redistribute_plan.hpp"
#include "redistribute/plan/needed_bytes.hpp"

namespace distload::plan_bench {
namespace {

constexpr std::uint32_t kRanksOfNode = 8;

struct Change {
  Topology from;
  Topology to;
  bool in_place = false;
};

std::vector<Change> changes() {
  return {{{8, 16, 8}, {16, 8, 8}},
          {{8, 16, 8}, {16, 8, 8}, true},
          {{8, 16, 8}, {8, 1, 128}},
          {{8, 1, 128}, {8, 16, 8}},
          {{32, 32, 1}, {8, 16, 8}}};
}

std::vector<std::string> measure(Model const& model, ModelRecipe const& recipe, Change const& change,
                                 std::uint32_t rounds) {
  auto const ranks = change.from.ranks();
  std::vector<std::uint32_t> numbers(ranks);
  std::iota(numbers.begin(), numbers.end(), 0U);
  std::vector<std::uint32_t> node_of;
  node_of.reserve(ranks);
  for (auto const rank : numbers) node_of.push_back(rank / kRanksOfNode);
  auto sides_seconds = std::numeric_limits<double>::max();
  auto plan_seconds = sides_seconds;
  std::size_t waves = 0;
  for (std::uint32_t round = 0; round < rounds; ++round) {
    double sides = 0;
    double plan = 0;
    auto const source = [&] {
      ScopeTimer const timer(sides);
      return make_side(recipe, change.from);
    }();
    auto const target = [&] {
      ScopeTimer const timer(sides);
      return make_side(recipe, change.to);
    }();
    RedistributePlanOptions options;
    options.frees_source = change.in_place;
    {
      ScopeTimer const timer(plan);
      waves = make_redistribute_plan({.source = source,
                                      .target = target,
                                      .source_ranks = numbers,
                                      .target_ranks = numbers,
                                      .ranks = ranks,
                                      .rank = 0,
                                      .node_of = node_of,
                                      .own_source = ShardOffsets(source.cut.layout.parameters.size(), 0),
                                      .peer_sources = {},
                                      .existing = {},
                                      .is_in_place = {},
                                      .options = options})
                  .waves.size();
    }
    sides_seconds = std::min(sides_seconds, sides);
    plan_seconds = std::min(plan_seconds, plan);
  }
  return {model.name,
          std::to_string(ranks),
          text_of(change.from),
          text_of(change.to) + (change.in_place ? ", in place" : ""),
          fixed_text(sides_seconds, 3),
          fixed_text(plan_seconds, 3),
          std::to_string(waves)};
}

}  // namespace

std::string bench_redistributions(std::uint32_t rounds) {
  Table table;
  table.add({"model", "ranks", "from tensor x pipeline x data", "to", "partition s", "plan s", "waves"});
  auto const model = llama_405b();
  auto const recipe = make_recipe(
      safetensors_catalog(model),
      find_rules({.family = model.family, .config_json = model.config_json, .directories = default_rule_directories()}),
      {}, std::nullopt);
  for (auto const& change : changes()) table.add(measure(model, *recipe, change, rounds));
  return table.text();
}

}  // namespace distload::plan_bench
