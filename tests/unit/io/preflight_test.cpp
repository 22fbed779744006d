// Missing and resized files are noticed before anything is read.
#include "io/files/preflight.hpp"

#include <filesystem>

#include <gmock/gmock.h>

#include <distload/base/error.hpp>

#include "unit/io/raw_checkpoint.hpp"

namespace distload {
namespace {

class Preflight : public ::testing::Test {
 protected:
  testing::RawCheckpoint checkpoint_{testing::fresh_directory()};
  std::uint32_t extent_ = checkpoint_.add_tensor(checkpoint_.add_file(), 1000);
  void SetUp() override { checkpoint_.write(); }
};

TEST_F(Preflight, AcceptsWhatTheCatalogDescribes) { EXPECT_NO_THROW(preflight(checkpoint_.catalog())); }

TEST_F(Preflight, RefusesATruncatedFile) {
  checkpoint_.truncate(extent_, 999);
  EXPECT_THROW(preflight(checkpoint_.catalog()), CorruptData);
}

TEST_F(Preflight, RefusesAFileThatHasGrown) {
  std::filesystem::resize_file(checkpoint_.path_of(extent_), 1001);
  EXPECT_THROW(preflight(checkpoint_.catalog()), CorruptData);
}

TEST_F(Preflight, RefusesAMissingFile) {
  std::filesystem::remove(checkpoint_.path_of(extent_));
  EXPECT_THROW(preflight(checkpoint_.catalog()), IoError);
}

}  // namespace
}  // namespace distload
