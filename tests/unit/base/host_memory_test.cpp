// Memory for shards: files mapped into it, and reserved pages.
#include "base/host_memory.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

#include <gmock/gmock.h>

#include <distload/base/error.hpp>

#include "io/files/input_file.hpp"
#include "unit/base/is_all.hpp"

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

using testing::is_all;

TEST(HostMemory, MapsFilesAndIsZeroedAgain) {
  ThreePages const pages;
  auto const file = pages.open();
  HostMemory memory(8 * kPage, PageSize::huge);
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

TEST(HostMemory, HasReservedPagesOrRefuses) {
  try {
    HostMemory const memory(3 * kMiB, PageSize::reserved);
    std::fill_n(memory.data(), 3 * kMiB, std::byte{'x'});
    EXPECT_TRUE(is_all(memory.data(), 3 * kMiB, 'x'));
  } catch (OutOfBudget const& error) {
    EXPECT_THAT(error.what(), ::testing::AllOf(::testing::HasSubstr("no 2 huge pages of 2 MiB"),
                                               ::testing::HasSubstr("vm.nr_hugepages")));
  }
}

}  // namespace
}  // namespace distload
