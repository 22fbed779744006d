// Names and text of the page.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "inspect/html.hpp"
#include "inspect/name_parts.hpp"

namespace distload {
namespace {

TEST(HtmlText, HoldsNoMarkupWhateverTheName) {
  EXPECT_EQ(html_text("a</script>\"'&<b>"), "a&lt;/script&gt;&quot;&#39;&amp;&lt;b&gt;");
  EXPECT_EQ(html_text("a\n\x1b[31m\xff"), "a\\n\\x1B[31m\\xFF");
  EXPECT_EQ(html_text("xxxx", 3), "xxx...");
}

TEST(HtmlText, BreaksNamesOnlyBehindDotsAndSlashes) { EXPECT_EQ(html_name("a.b<"), "a.<wbr>b&lt;"); }

TEST(HtmlText, KeepsLinesAndEndsLongTexts) {
  EXPECT_EQ(html_lines("a:\n  <b>"), "a:\n  &lt;b&gt;");
  EXPECT_EQ(html_lines("first\nsecond\nthird", 6), "first\nsecond\n...");
}

TEST(Numbers, AreReadable) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(counted(1, "tensor"), "1 tensor");
  EXPECT_EQ(counted(2000, "tensor"), "2,000 tensors");
  EXPECT_EQ(share_text(0, 10), "0 %");
  EXPECT_EQ(share_text(1, 100000), "< 0.1 %");
  EXPECT_EQ(share_text(1, 16), "6.2 %");
  EXPECT_EQ(share_text(10, 10), "100 %");
  EXPECT_EQ(scaled(1, 8, 100), "12.5");
  EXPECT_EQ(scaled(1, 0, 100), "0");
}

TEST(LayerOf, TakesTheFirstNumber) {
  auto const layer = layer_of("model.layers.12.experts.3.w1");
  ASSERT_TRUE(layer);
  EXPECT_EQ(layer->stack, "model.layers.");
  EXPECT_EQ(layer->number, 12U);
  EXPECT_EQ(layer_of("blocks_7/kernel")->stack, "blocks_");
  EXPECT_FALSE(layer_of("conv1.weight"));
  EXPECT_FALSE(layer_of("hash.0012.weight"));
}

TEST(WithoutNumbers, NamesAllLayersAndExperts) {
  EXPECT_EQ(without_numbers("model.layers.12.experts.3.w1"), "model.layers.*.experts.*.w1");
  EXPECT_EQ(without_numbers("fc1.bias"), "fc1.bias");
  EXPECT_EQ(without_numbers("h_4"), "h_*");
}

TEST(NameParts, KeepsTheRestOfDeepNamesTogether) {
  std::string deep = "a";
  for (int i = 0; i < 100; ++i) deep += ".a";
  auto const parts = name_parts(deep);
  EXPECT_EQ(parts.size(), kMostNameParts);
  EXPECT_EQ(parts.back().end, deep.size());
}

}  // namespace
}  // namespace distload
