// describe_model on the models of tests/families: config.json and the rules determine every name and shape.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "family_tables.hpp"
#include "model_fixture.hpp"
#include "partition/describe_model.hpp"
#include "partition/rules/rule_directories.hpp"

namespace distload::testing {
namespace {

class DescribedTables : public ::testing::TestWithParam<TableModel> {};

/// "name shape" of tensors.
std::set<std::string> lines_of(auto const& tensors) {
  std::set<std::string> lines;
  for (auto const& tensor : tensors) lines.insert(tensor.name + " " + to_string(tensor.shape));
  return lines;
}

TEST_P(DescribedTables, HasEveryTensorOfTheModelAndNoOther) {
  auto const& model = GetParam();
  auto const rules = find_rules({"auto", model.config_json, default_rule_directories()});
  auto const described = lines_of(describe_model(rules, model.config_json));
  auto const stored = lines_of(model.tensors);
  std::set<std::string> missing;
  std::set<std::string> additional;
  std::ranges::set_difference(stored, described, std::inserter(missing, missing.end()));
  std::ranges::set_difference(described, stored, std::inserter(additional, additional.end()));
  EXPECT_THAT(missing, ::testing::IsEmpty());
  EXPECT_THAT(additional, ::testing::IsEmpty());
}

std::vector<TableModel> described_models() {
  auto models = read_family_tables(DISTLOAD_TEST_FAMILIES);
  std::erase_if(models, [](TableModel const& model) { return !model.undescribed.empty(); });
  return models;
}

INSTANTIATE_TEST_SUITE_P(Models, DescribedTables, ::testing::ValuesIn(described_models()),
                         [](auto const& model) { return model.param.name; });

}  // namespace
}  // namespace distload::testing
