// Scores, groups and weights of experts, as transformers computes them for Mixtral, Qwen and DeepSeek.
#include "layers/router.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace distload {
namespace {

std::vector<float> scores_of(RouterOptions::Score kind, std::span<float const> logits) {
  std::vector<float> scores(logits.begin(), logits.end());
  if (kind == RouterOptions::Score::sigmoid) {
    for (auto& score : scores) score = 1.0F / (1.0F + std::exp(-score));
    return scores;
  }
  auto const largest = *std::ranges::max_element(scores);
  float sum = 0;
  for (auto& score : scores) sum += score = std::exp(score - largest);
  for (auto& score : scores) score /= sum;
  return scores;
}

/// The numbers of the `count` largest scores, descending.
std::vector<std::uint32_t> largest_of(std::span<float const> scores, std::uint32_t count) {
  std::vector<std::uint32_t> numbers(scores.size());
  std::iota(numbers.begin(), numbers.end(), 0U);
  auto const precedes = [&](std::uint32_t a, std::uint32_t b) {
    return scores[a] > scores[b] || (scores[a] == scores[b] && a < b);
  };
  auto const end = std::min<std::size_t>(count, numbers.size());
  std::ranges::partial_sort(numbers, numbers.begin() + static_cast<std::ptrdiff_t>(end), precedes);
  numbers.resize(end);
  return numbers;
}

float score_of_group(RouterOptions::GroupScore kind, std::span<float const> scores) {
  auto const largest = largest_of(scores, 2);
  auto const first = scores[largest[0]];
  return kind == RouterOptions::GroupScore::largest || largest.size() < 2 ? first : first + scores[largest[1]];
}

/// Excludes experts of groups that are not among the token's groups.
void keep_groups(RouterOptions const& options, std::vector<float>& scores) {
  if (options.groups_per_token >= options.groups) return;
  auto const size = scores.size() / options.groups;
  std::vector<float> of_groups;
  for (std::uint32_t group = 0; group < options.groups; ++group) {
    of_groups.push_back(score_of_group(options.group_score, std::span(scores).subspan(group * size, size)));
  }
  auto const kept = largest_of(of_groups, options.groups_per_token);
  for (std::uint32_t expert = 0; expert < scores.size(); ++expert) {
    auto const group = static_cast<std::uint32_t>(expert / size);
    if (std::ranges::find(kept, group) == kept.end()) scores[expert] = -std::numeric_limits<float>::infinity();
  }
}

}  // namespace

std::vector<Choice> choose_experts(RouterOptions const& options, std::span<float const> logits,
                                   std::span<float const> bias) {
  auto const scores = scores_of(options.score, logits);
  auto for_choice = scores;
  for (std::size_t i = 0; i < bias.size(); ++i) for_choice[i] += bias[i];
  keep_groups(options, for_choice);
  std::vector<Choice> choices;
  float sum = 0;
  for (auto const expert : largest_of(for_choice, options.per_token)) {
    choices.push_back({expert, scores[expert]});
    sum += scores[expert];
  }
  for (auto& choice : choices) {
    if (options.normalize) choice.weight /= options.score == RouterOptions::Score::sigmoid ? sum + 1e-20F : sum;
    choice.weight *= options.factor;
  }
  return choices;
}

}  // namespace distload
