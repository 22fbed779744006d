// Memory for shards: files shown in it, pages given to it ahead, pages that were set aside.
#include "base/huge_pages.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

#include <gmock/gmock.h>

#include <distload/base/error.hpp>

#include "base/page_toucher.hpp"
#include "io/files/input_file.hpp"

namespace distload {
namespace {

constexpr Bytes kPage = 64 * kKiB;  // a multiple of any system's

/// A file of three pages, each of one letter.
class ThreePages {
 public:
  ThreePages() {
    std::ofstream file(path_, std::ios::binary);
    for (char const letter : {'a', 'b', 'c'}) file << std::string(kPage, letter);
  }
  ~ThreePages() { std::filesystem::remove(path_); }
  ThreePages(ThreePages const&) = delete;
  ThreePages& operator=(ThreePages const&) = delete;

  InputFile open() const { return InputFile(path_); }

 private:
  std::string path_ = ::testing::TempDir() + "three-pages-" + std::to_string(getpid());
};

bool is_all(std::byte const* begin, Bytes nbytes, char letter) {
  return std::all_of(begin, begin + nbytes, [&](std::byte byte) { return byte == static_cast<std::byte>(letter); });
}

TEST(HugePages, ShowsFilesAndHasZerosAgain) {
  ThreePages const pages;
  auto const file = pages.open();
  HugePages memory(8 * kPage);
  memory.map_file(2 * kPage, file.descriptor(), kPage, 2 * kPage);
  EXPECT_TRUE(is_all(memory.data(), 2 * kPage, '\0'));
  EXPECT_TRUE(is_all(memory.data() + 2 * kPage, kPage, 'b'));
  EXPECT_TRUE(is_all(memory.data() + 3 * kPage, kPage, 'c'));
  EXPECT_TRUE(is_all(memory.data() + 4 * kPage, 4 * kPage, '\0'));
  EXPECT_FALSE(memory.maps_file_at(2 * kPage - 1));
  EXPECT_TRUE(memory.maps_file_at(2 * kPage));
  EXPECT_TRUE(memory.maps_file_at(4 * kPage - 1));
  EXPECT_FALSE(memory.maps_file_at(4 * kPage));

  // What is written does not reach the file.
  std::fill_n(memory.data() + 2 * kPage, kPage, std::byte{'x'});
  memory.map_file(6 * kPage, file.descriptor(), kPage, kPage);
  EXPECT_TRUE(is_all(memory.data() + 6 * kPage, kPage, 'b'));

  memory.unmap_files();
  EXPECT_TRUE(is_all(memory.data(), 8 * kPage, '\0'));
  EXPECT_FALSE(memory.maps_file_at(2 * kPage));
}

TEST(HugePages, KnowsWhatShowsNoFile) {
  ThreePages const pages;
  auto const file = pages.open();
  HugePages memory(8 * kPage);
  memory.map_file(0, file.descriptor(), 0, kPage);
  memory.map_file(3 * kPage, file.descriptor(), 0, 2 * kPage);
  auto const ranges = memory.without_files(7 * kPage);
  ASSERT_EQ(ranges.size(), 2U);
  EXPECT_EQ(ranges[0].data(), memory.data() + kPage);
  EXPECT_EQ(ranges[0].size(), 2 * kPage);
  EXPECT_EQ(ranges[1].data(), memory.data() + 5 * kPage);
  EXPECT_EQ(ranges[1].size(), 2 * kPage);
}

TEST(HugePages, AreReservedOrRefused) {
  try {
    HugePages const memory(3 * kMiB, HugePageKind::reserved);
    std::fill_n(memory.data(), 3 * kMiB, std::byte{'x'});
    EXPECT_TRUE(is_all(memory.data(), 3 * kMiB, 'x'));
  } catch (OutOfBudget const& error) {
    EXPECT_THAT(error.what(), ::testing::AllOf(::testing::HasSubstr("no 2 huge pages of 2 MiB"),
                                               ::testing::HasSubstr("vm.nr_hugepages")));
  }
}

TEST(PageToucher, ChangesNothingThatIsThere) {
  HugePages const memory(40 * kMiB);
  std::fill_n(memory.data() + 5, 10, std::byte{'x'});
  std::fill_n(memory.data() + 33 * kMiB, kMiB, std::byte{'y'});
  PageToucher toucher(memory.without_files(40 * kMiB));
  toucher.finish();
  EXPECT_TRUE(is_all(memory.data() + 5, 10, 'x'));
  EXPECT_TRUE(is_all(memory.data() + 15, 33 * kMiB - 15, '\0'));
  EXPECT_TRUE(is_all(memory.data() + 33 * kMiB, kMiB, 'y'));
}

TEST(PageToucher, StopsWhenItIsDestroyed) {
  HugePages const memory(kTiB);  // more than there is
  PageToucher const toucher(memory.without_files(kTiB));
}

}  // namespace
}  // namespace distload
