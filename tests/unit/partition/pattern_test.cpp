// Patterns of parameter names.
#include "partition/rules/pattern.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace distload::rules {
namespace {

struct Case {
  char const* pattern;
  char const* name;
  bool matches;
};

TEST(Pattern, MatchesWholeNames) {
  Case const cases[]{
      {"norm.weight", "norm.weight", true},
      {"norm.weight", "norm.weights", false},
      {"norm.weight", "model.norm.weight", false},
      {"norm.weight", "norm.weigh", false},
      {"layers.{layer}.w", "layers.17.w", true},
      {"layers.{layer}.w", "layers.x.w", false},
      {"layers.{layer}.w", "layers..w", false},
      {"layers.{layer}.w", "layers.-1.w", false},
      {"layers.{layer}.w", "layers.99999999999.w", false},
      {"layers.{layer}.experts.{expert}.w", "layers.3.experts.12.w", true},
      {"layers.{layer}.experts.{expert}.w", "layers.3.experts.w", false},
      {"{model.,}norm", "model.norm", true},
      {"{model.,}norm", "norm", true},
      {"{model.,}norm", "odel.norm", false},
      {"{q,k,v}_proj.{weight,bias}", "k_proj.bias", true},
      {"{q,k,v}_proj.{weight,bias}", "o_proj.bias", false},
      {"a.*.b", "a.xyz.b", true},
      {"a.*.b", "a.x.y.b", false},
      {"a.*.b", "a..b", false},
      {"*_norm.w", "q_norm_norm.w", true},
      {"*a*", "bab", true},
      {"*a*", "ab", false},
      {"*", "anything", true},
      {"*", "", false},
  };
  for (auto const& [pattern, name, matches] : cases) {
    EXPECT_EQ(any_matches(Pattern::parse(pattern), name), matches) << pattern << " " << name;
  }
}

TEST(Pattern, TellsTheLayer) {
  auto const pattern = Pattern::parse("h.{layer}.experts.{expert}").front();
  EXPECT_TRUE(pattern.has_layer());
  EXPECT_EQ(pattern.match("h.12.experts.3")->layer, 12U);
  EXPECT_FALSE(Pattern::parse("h.w").front().has_layer());
  EXPECT_EQ(Pattern::parse("h.w").front().match("h.w")->layer, std::nullopt);
}

TEST(Pattern, RefusesWhatItDoesNotKnow) {
  for (auto const* text : {"", "a}", "{a", "{lyer}", "{}", "{layer}.{layer}", "{a,{b}", "{a*,b}",
                           "{a,b,c,d,e,f,g,h}{a,b,c,d,e,f,g,h}{a,b,c,d,e,f,g,h}{a,b,c,d,e,f,g,h}"}) {
    EXPECT_THROW(Pattern::parse(text), std::invalid_argument) << text;
  }
}

TEST(Pattern, MatchesSeveralStarsInNoTime) {
  std::string pattern;
  for (int i = 0; i < 30; ++i) pattern += "*a";
  std::string const name(2000, 'a');
  EXPECT_TRUE(any_matches(Pattern::parse(pattern), name));
  EXPECT_FALSE(any_matches(Pattern::parse(pattern + "{layer}*"), name + "b"));
}

TEST(Pattern, GivesTheFirstStarsMost) {
  auto const match = Pattern::parse("*.x*{layer}.*").front().match("a.x12x3.y");
  ASSERT_TRUE(match);
  EXPECT_EQ(match->layer, 3U);
  EXPECT_EQ(match->layer_at, 6U);
}

}  // namespace
}  // namespace distload::rules
