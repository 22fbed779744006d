// Choices of experts against scores computed by hand.
#include "layers/router.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <vector>

#include "unit/layers/sigmoid.hpp"

namespace distload {

// GoogleTest prints it.
void PrintTo(Choice const& choice, std::ostream* out) { *out << choice.expert << " x " << choice.weight; }

namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::FloatNear;
using testing::sigmoid;
using Logits = std::vector<float>;

auto chosen(std::uint32_t expert, double weight) {
  return ::testing::AllOf(Field(&Choice::expert, expert),
                          Field(&Choice::weight, FloatNear(static_cast<float>(weight), 1e-6F)));
}

/// Logits whose softmax are those probabilities.
Logits logits_of(std::vector<double> const& probabilities) {
  Logits logits;
  for (auto const probability : probabilities) logits.push_back(static_cast<float>(std::log(probability)));
  return logits;
}

RouterOptions sigmoid_options() { return {.experts = 4, .per_token = 2, .score = RouterOptions::Score::sigmoid}; }

TEST(ChooseExperts, TakesTheLargestOfTheSoftmax) {
  RouterOptions const options{.experts = 4, .per_token = 2};
  EXPECT_THAT(choose_experts(options, logits_of({0.1, 0.4, 0.2, 0.3}), {}),
              ElementsAre(chosen(1, 0.4), chosen(3, 0.3)));
}

TEST(ChooseExperts, DividesWeightsByTheirSumAndMultipliesThem) {
  RouterOptions options{.experts = 4, .per_token = 2, .factor = 2.5F};
  auto const logits = logits_of({0.1, 0.4, 0.3, 0.2});
  EXPECT_THAT(choose_experts(options, logits, {}), ElementsAre(chosen(1, 1.0), chosen(2, 0.75)));
  options.normalize = true;
  EXPECT_THAT(choose_experts(options, logits, {}), ElementsAre(chosen(1, 2.5 * 4 / 7), chosen(2, 2.5 * 3 / 7)));
}

TEST(ChooseExperts, ScoresBySigmoid) {
  auto options = sigmoid_options();
  Logits const logits{-1, 2, 0, 1};
  EXPECT_THAT(choose_experts(options, logits, {}), ElementsAre(chosen(1, sigmoid(2)), chosen(3, sigmoid(1))));
  options.normalize = true;
  auto const sum = sigmoid(2) + sigmoid(1);
  EXPECT_THAT(choose_experts(options, logits, {}),
              ElementsAre(chosen(1, sigmoid(2) / sum), chosen(3, sigmoid(1) / sum)));
}

TEST(ChooseExperts, OverflowsForNoLogits) {
  EXPECT_THAT(choose_experts({.experts = 2, .per_token = 2}, Logits{200, -200}, {}),
              ElementsAre(chosen(0, 1), chosen(1, 0)));
  EXPECT_THAT(
      choose_experts({.experts = 2, .per_token = 2, .score = RouterOptions::Score::sigmoid}, Logits{-200, 200}, {}),
      ElementsAre(chosen(1, 1), chosen(0, 0)));
}

TEST(ChooseExperts, AddsTheBiasToChoicesButNotToWeights) {
  Logits const logits{0, 0.5F, 1, 1.5F};
  Logits const bias{1, 0, 0, -1};
  EXPECT_THAT(choose_experts(sigmoid_options(), logits, bias),
              ElementsAre(chosen(0, sigmoid(0)), chosen(2, sigmoid(1))));
}

TEST(ChooseExperts, TakesTheLowerNumberOfEqualScores) {
  RouterOptions const options{.experts = 5, .per_token = 3};
  EXPECT_THAT(choose_experts(options, Logits{1, 3, 2, 2, 2}, {}),
              ElementsAre(Field(&Choice::expert, 1), Field(&Choice::expert, 2), Field(&Choice::expert, 3)));
  auto grouped = sigmoid_options();
  grouped.groups = 2;
  EXPECT_THAT(choose_experts(grouped, Logits{1, 2, 2, 1}, {}),
              ElementsAre(chosen(1, sigmoid(2)), chosen(0, sigmoid(1))));
}

TEST(ChooseExperts, TakesGroupsByTheirLargestScore) {
  RouterOptions const options{.experts = 6, .per_token = 2, .groups = 3, .groups_per_token = 1};
  // The second largest expert is in another group.
  EXPECT_THAT(choose_experts(options, logits_of({0.25, 0.2, 0.05, 0.3, 0.1, 0.1}), {}),
              ElementsAre(chosen(3, 0.3), chosen(2, 0.05)));
}

TEST(ChooseExperts, TakesGroupsByTheirTwoLargestScores) {
  auto options = sigmoid_options();
  options.groups = 2;
  options.group_score = RouterOptions::GroupScore::sum_of_two_largest;
  Logits const logits{2, -3, 1, 1};
  EXPECT_THAT(choose_experts(options, logits, {}), ElementsAre(chosen(2, sigmoid(1)), chosen(3, sigmoid(1))));
  // The bias counts for groups.
  EXPECT_THAT(choose_experts(options, logits, Logits{0, 1, 0, 0}),
              ElementsAre(chosen(1, sigmoid(-3)), chosen(0, sigmoid(2))));
}

TEST(ChooseExperts, TakesExpertsOfSeveralGroups) {
  RouterOptions const options{.experts = 6, .per_token = 3, .groups = 3, .groups_per_token = 2};
  EXPECT_THAT(choose_experts(options, logits_of({0.3, 0.05, 0.1, 0.12, 0.13, 0.3}), {}),
              ElementsAre(chosen(0, 0.3), chosen(5, 0.3), chosen(4, 0.13)));
}

}  // namespace
}  // namespace distload
