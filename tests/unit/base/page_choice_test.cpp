// The choice between small and huge pages, with costs that the tests invent.
#include "base/page_choice.hpp"

#include <gmock/gmock.h>

namespace distload {
namespace {

constexpr bool kHasHugePages = true;
constexpr auto kPiece = static_cast<double>(kHugePageBytes);

/// Seconds per piece of memory, as costs per byte.
PageCosts per_piece(double small, double huge) { return {.small = small / kPiece, .huge = huge / kPiece}; }

/// Populates pieces that cost what `costs` says.
class Machine {
 public:
  explicit Machine(PageChoice& choice) : choice_(choice) {}

  /// @returns the seconds of all pieces.
  double populate(int pieces, PageCosts const& costs) {
    double seconds = 0;
    for (int i = 0; i < pieces; ++i) {
      auto const size = choice_.next();
      auto const cost = kPiece * (size == PageSize::huge ? costs.huge : costs.small);
      choice_.add(size, kHugePageBytes, cost);
      seconds += cost;
    }
    return seconds;
  }

 private:
  PageChoice& choice_;
};

TEST(PageChoice, FollowsTheSetting) {
  EXPECT_EQ(PageChoice(HugePageKind::off, kHasHugePages).next(), PageSize::small);
  EXPECT_EQ(PageChoice(HugePageKind::transparent, kHasHugePages).next(), PageSize::huge);
  EXPECT_EQ(PageChoice(HugePageKind::reserved, kHasHugePages).next(), PageSize::reserved);
  EXPECT_FALSE(PageChoice(HugePageKind::off, kHasHugePages).needs_measurement());
  EXPECT_TRUE(PageChoice(HugePageKind::automatic, kHasHugePages).needs_measurement());
  EXPECT_FALSE(PageChoice(HugePageKind::automatic, false).needs_measurement());
}

TEST(PageChoice, TakesTheCheaper) {
  PageChoice choice(HugePageKind::automatic, kHasHugePages);
  EXPECT_EQ(choice.current(), PageSize::small);
  choice.set_costs(per_piece(3, 1));
  EXPECT_EQ(choice.current(), PageSize::huge);
  choice.set_costs(per_piece(1, 6));
  EXPECT_EQ(choice.current(), PageSize::small);
  EXPECT_EQ(PageChoice(HugePageKind::automatic, false).next(), PageSize::small);
}

TEST(PageChoice, SpendsLittleOnTrials) {
  for (auto const& costs : {per_piece(1, 6), per_piece(4, 1), per_piece(1, 1.05), per_piece(1, 1)}) {
    PageChoice choice(HugePageKind::automatic, kHasHugePages);
    choice.set_costs(costs);
    constexpr int kPieces = 2000;
    auto const best = kPieces * kPiece * std::min(costs.small, costs.huge);
    EXPECT_LT(Machine(choice).populate(kPieces, costs), 1.06 * best);
  }
}

TEST(PageChoice, LeavesSmallPagesWhenTheyRunOut) {
  PageChoice choice(HugePageKind::automatic, kHasHugePages);
  choice.set_costs(per_piece(1, 6));
  Machine machine(choice);
  machine.populate(100, per_piece(1, 6));
  EXPECT_EQ(choice.current(), PageSize::small);
  machine.populate(20, per_piece(12, 6));
  EXPECT_EQ(choice.current(), PageSize::huge);
}

TEST(PageChoice, NoticesThatHugePagesHaveBecomeFast) {
  PageChoice choice(HugePageKind::automatic, kHasHugePages);
  choice.set_costs(per_piece(1, 6));
  Machine machine(choice);
  machine.populate(100, per_piece(1, 0.25));
  EXPECT_EQ(choice.current(), PageSize::huge);
}

TEST(PageChoice, ReportsWhatWasUsed) {
  PageChoice choice(HugePageKind::automatic, kHasHugePages);
  EXPECT_EQ(choice.in_use().reason, "too little memory to compare both");
  choice.set_costs(per_piece(1, 0.5));
  Machine(choice).populate(10, per_piece(1, 0.5));
  auto const pages = choice.in_use();
  EXPECT_EQ(pages.kind, HugePageKind::transparent);
  EXPECT_NEAR(pages.bytes_per_second, 2 * kPiece, 1);
  EXPECT_EQ(pages.reason, "first accesses: 2 MiB/s with small pages, 4 MiB/s with huge pages");
  choice.restart_report();
  EXPECT_EQ(choice.in_use().bytes_per_second, 0);

  EXPECT_EQ(PageChoice(HugePageKind::off, kHasHugePages).in_use(), (PagesInUse{HugePageKind::off, 0, "configured"}));
  EXPECT_EQ(PageChoice(HugePageKind::automatic, false).in_use().reason, "the system has no transparent huge pages");
}

TEST(PageChoice, MeasuresThisMachine) {
  auto const costs = PageChoice::measure();
  EXPECT_GT(costs.small, 0);
  EXPECT_GT(costs.huge, 0);
  EXPECT_EQ(measured_page_size(), measured_page_size());
}

}  // namespace
}  // namespace distload
