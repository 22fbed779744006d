// Populating new memory ahead of those that fill it.
#include "base/first_touch.hpp"

#include <algorithm>
#include <vector>

#include <sys/mman.h>

#include <gmock/gmock.h>

#include "base/system.hpp"
#include "unit/base/is_all.hpp"

namespace distload {
namespace {

using testing::is_all;

/// Bytes of `memory` that have pages.
Bytes populated(std::byte* begin, Bytes nbytes) {
  std::vector<unsigned char> pages(nbytes / page_bytes());
  if (mincore(begin, nbytes, pages.data()) != 0) return 0;
  return static_cast<Bytes>(std::ranges::count_if(pages, [](unsigned char page) { return (page & 1U) != 0; })) *
         page_bytes();
}

class FirstTouchTest : public ::testing::Test {
 protected:
  static constexpr Bytes kBytes = 40 * kMiB;

  std::byte* data() const { return memory_.data(); }

  PageChoice choice_{HugePageKind::off};
  HostMemory memory_{kBytes, PageSize::small};
};

TEST_F(FirstTouchTest, PopulatesWhatIsPrepared) {
  FirstTouch touch({{data(), 10 * kMiB}, {data() + 20 * kMiB, 10 * kMiB}}, choice_);
  EXPECT_EQ(populated(data(), kBytes), 0U);
  touch.prepare({data() + 3 * kMiB, 2 * kMiB});
  EXPECT_EQ(populated(data() + 2 * kMiB, 4 * kMiB), 4 * kMiB);
  touch.prepare({data() + 9 * kMiB, 12 * kMiB});
  EXPECT_EQ(populated(data() + 8 * kMiB, 2 * kMiB), 2 * kMiB);
  EXPECT_EQ(populated(data() + 10 * kMiB, 10 * kMiB), 0U);
  EXPECT_EQ(populated(data() + 20 * kMiB, 2 * kMiB), 2 * kMiB);
  EXPECT_EQ(populated(data(), kBytes), 8 * kMiB);
}

TEST_F(FirstTouchTest, IgnoresOtherMemory) {
  FirstTouch touch({{data() + 2 * kMiB, 2 * kMiB}}, choice_);
  touch.prepare({data(), 2 * kMiB});
  touch.prepare({data() + 4 * kMiB, kMiB});
  touch.prepare({});
  EXPECT_EQ(populated(data(), kBytes), 0U);
}

TEST_F(FirstTouchTest, PopulatesTheRestOnItsThread) {
  std::vector<std::span<std::byte const>> const prepared{{data(), 4 * kMiB}, {data() + 10 * kMiB, kMiB}};
  FirstTouch touch({{data(), kBytes}}, choice_);
  touch.start(prepared, false);
  touch.finish();
  EXPECT_EQ(populated(data(), 4 * kMiB), 0U);
  EXPECT_EQ(populated(data() + 10 * kMiB, 2 * kMiB), 0U);
  EXPECT_EQ(populated(data(), kBytes), kBytes - 6 * kMiB);
}

TEST_F(FirstTouchTest, HelpsWithWhatIsPrepared) {
  std::vector<std::span<std::byte const>> const prepared{{data(), 4 * kMiB}};
  FirstTouch touch({{data(), kBytes}}, choice_);
  touch.start(prepared, true);
  touch.finish();
  EXPECT_EQ(populated(data(), kBytes), kBytes);
}

TEST_F(FirstTouchTest, ChangesNothingThatIsThere) {
  std::fill_n(data() + 5, 10, std::byte{'x'});
  std::fill_n(data() + 33 * kMiB, kMiB, std::byte{'y'});
  for (auto const kind : {HugePageKind::off, HugePageKind::transparent, HugePageKind::automatic}) {
    PageChoice choice(kind);
    FirstTouch touch({{data(), kBytes}}, choice);
    touch.start({}, true);
    touch.prepare({data(), kBytes});
    touch.finish();
  }
  EXPECT_TRUE(is_all(data() + 5, 10, 'x'));
  EXPECT_TRUE(is_all(data() + 15, 33 * kMiB - 15, '\0'));
  EXPECT_TRUE(is_all(data() + 33 * kMiB, kMiB, 'y'));
}

TEST_F(FirstTouchTest, StopsWhenItIsDestroyed) {
  constexpr Bytes kMany = 4 * kGiB;  // seconds of populating
  HostMemory const memory(kMany, PageSize::small);
  {
    FirstTouch touch({{memory.data(), kMany}}, choice_);
    touch.start({}, true);
  }
  EXPECT_LT(populated(memory.data(), kMany), kMany);
}

}  // namespace
}  // namespace distload
