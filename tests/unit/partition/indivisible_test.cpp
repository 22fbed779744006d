// Why parameters cannot be cut, in words.
#include "partition/indivisible.hpp"

#include <gtest/gtest.h>

namespace distload {
namespace {

Partition cut(std::vector<Section> sections) { return {PartitionKind::column_parallel, 0, std::move(sections)}; }

TEST(Indivisible, NamesTheUnitsThatTheRanksDoNotDivide) {
  CutWords const heads{"", {"heads (n_head)", "kv_heads (n_head_kv)"}};
  CutWords const groups{"kv_heads (n_kv)", {"queries"}};
  struct Case {
    std::vector<Section> sections;
    std::uint32_t ranks;
    CutWords words;
    std::optional<std::string> expected;
  };
  for (auto const& [sections, ranks, words, expected] : std::vector<Case>{
           {{{.size = 12}}, 4, {}, std::nullopt},
           {{{.size = 12}}, 5, {}, "12 elements along axis 0 do not divide by 5 tensor-parallel ranks"},
           {{{.size = 12, .unit = 4}},
            2,
            {},
            "3 units of 4 elements along axis 0 do not divide by 2 tensor-parallel ranks"},
           {{{.size = 12, .unit = 4}}, 2, heads, "3 heads (n_head) do not divide by 2 tensor-parallel ranks"},
           {{{.size = 12, .unit = 1}, {.size = 12, .unit = 4, .replicate_units = true}},
            4,
            heads,
            "3 kv_heads (n_head_kv) and 4 tensor-parallel ranks do not divide one another"},
           {{{.size = 8, .unit = 2, .groups = 2}},
            3,
            groups,
            "2 kv_heads (n_kv) and 3 tensor-parallel ranks do not divide one another"},
           {{{.size = 8, .unit = 2, .groups = 2}},
            12,
            groups,
            "4 queries of each of 2 kv_heads (n_kv) do not divide by 6 tensor-parallel ranks"},
       }) {
    EXPECT_EQ(indivisible(cut(sections), ranks, words), expected);
  }
}

TEST(Indivisible, AllowsWhatIsNotCutOrPadded) {
  EXPECT_EQ(indivisible({}, 5, {}), std::nullopt);
  EXPECT_EQ(indivisible({PartitionKind::vocab_parallel, 0, {{.size = 7}}}, 5, {}), std::nullopt);
}

}  // namespace
}  // namespace distload
