// Patterns of parameter names.
#include "partition/rules/pattern.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace distload::rules {
namespace {

struct PatternCase {
  char const* pattern;
  char const* name;
  bool matches;
};

TEST(Pattern, MatchesWholeNames) {
  PatternCase const cases[]{
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
      {"tower.**", "tower.a.b.c", true},
      {"tower.**", "tower.", false},
      {"norms.{head}.w", "norms.11.w", true},
      {"norms.{head}.w", "norms.q.w", false},
  };
  for (auto const& [pattern, name, matches] : cases) {
    EXPECT_EQ(any_matches(Pattern::parse(pattern), name), matches) << pattern << " " << name;
  }
}

/// What a matcher that tries everything needs longer for than anybody waits.
TEST(Pattern, TakesTimeInProportionToTheName) {
  std::string pattern;
  for (int i = 0; i < 15; ++i) pattern += "*-";
  auto const hostile = Pattern::parse(pattern + "*!").front();
  std::string const dashes(5000, '-');
  for (int i = 0; i < 200; ++i) EXPECT_FALSE(hostile.match(dashes + std::to_string(i)));
  EXPECT_TRUE(hostile.match(dashes + "!"));
  auto const numbers = Pattern::parse("*a{layer}b{expert}c").front();
  std::string text(5000, 'a');
  for (std::size_t i = 1; i < text.size(); i += 2) text[i] = '1';
  EXPECT_FALSE(numbers.match(text));
  EXPECT_FALSE(Pattern::parse("{layer}").front().match(std::string(1'000'000, '1')));
  auto const match = numbers.match(text + "xa12b3c");
  ASSERT_TRUE(match);
  EXPECT_EQ(match->layer, 12U);
}

/// The same as a matcher that tries everything, where that is done soon.
TEST(Pattern, MatchesLikeOneThatTriesEverything) {
  std::string const letters = "ab.";
  for (auto const* const text :
       {"*", "*a", "a*", "*a*", "*a*b*", "**", "a*.*b", "*.*", "*ab*a", "*b.*a*", "a.**", "**.a*", "*a**b"}) {
    auto const pattern = Pattern::parse(text).front();
    auto const& everything = [](auto const& self, std::string_view wanted, std::string_view name) -> bool {
      if (wanted.empty()) return name.empty();
      if (name.empty()) return false;
      if (wanted.front() != '*') return wanted.front() == name.front() && self(self, wanted.substr(1), name.substr(1));
      auto const with_dots = wanted.starts_with("**");
      auto const behind = wanted.substr(with_dots ? 2 : 1);
      return (with_dots || name.front() != '.') &&
             (self(self, wanted, name.substr(1)) || self(self, behind, name.substr(1)));
    };
    for (std::size_t length = 0; length <= 7; ++length) {
      std::size_t count = 1;
      for (std::size_t i = 0; i < length; ++i) count *= letters.size();
      for (std::size_t number = 0; number < count; ++number) {
        std::string name;
        for (auto rest = number; name.size() < length; rest /= letters.size()) name += letters[rest % letters.size()];
        ASSERT_EQ(pattern.match(name).has_value(), everything(everything, text, name)) << text << " " << name;
      }
    }
  }
}

TEST(Pattern, TellsTheLayer) {
  auto const pattern = Pattern::parse("h.{layer}.experts.{expert}").front();
  EXPECT_TRUE(pattern.has_layer());
  EXPECT_EQ(pattern.match("h.12.experts.3")->layer, 12U);
  EXPECT_FALSE(Pattern::parse("h.w").front().has_layer());
  EXPECT_EQ(Pattern::parse("h.w").front().match("h.w")->layer, std::nullopt);
}

TEST(Pattern, KnowsTheEndingOfTheNamesThatMatch) {
  struct Ending {
    char const* pattern;
    char const* name;
    std::optional<std::string_view> ending;
  };
  for (auto const& [text, name, ending] : std::vector<Ending>{
           {"model.layers.{layer}.mlp.up_proj.weight", "model.layers.3.mlp.up_proj.weight", "up_proj.weight"},
           {"layers.{layer}.norm.weight", "layers.3.norm.weight", "norm.weight"},
           {"lm_head.weight", "lm_head.weight", "lm_head.weight"},
           {"scale", "scale", "scale"},
           {".weight", ".weight", ".weight"},
           {"layers.{layer}.weight", "layers.3.weight", std::nullopt},
           {"*_norm.weight", "q_norm.weight", std::nullopt},
           {"blocks.*.up.weight", "blocks.a.up.weight", "up.weight"},
           {"layers.{layer}.*", "layers.3.weight", std::nullopt},
           {"layers.{layer}", "layers.3", std::nullopt},
       }) {
    auto const pattern = Pattern::parse(text).front();
    ASSERT_TRUE(pattern.match(name)) << text;
    EXPECT_EQ(pattern.ending(), ending) << text;
    if (ending) {
      EXPECT_EQ(Pattern::ending_of(name), *ending) << text;
    }
  }
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
