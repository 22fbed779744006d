// Pages of a GPU that come and go, over a double of CUDA that checks the rules of its memory management.
#include "device/cuda/cuda_pages.hpp"

#include <gtest/gtest.h>

#include <distload/base/error.hpp>

#include "support/cuda_double/driver_double.hpp"

namespace distload {
namespace {

constexpr Bytes kPage = 2 * kMiB;

class CudaPagesTest : public ::testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(cuda_double::used_driver_memory(), 0U);
    EXPECT_EQ(cuda_double::reserved_ranges(), 0U);
    cuda_double::set_driver_memory(~std::size_t{0});
  }

  static DeviceMemory reserved(Bytes nbytes) { return {reserve_cuda_pages(0, nbytes), nbytes}; }
};

TEST_F(CudaPagesTest, TakeMemoryOnlyWhileTheyAreThere) {
  auto memory = reserved(5 * kPage - 1);
  EXPECT_EQ(cuda_double::used_driver_memory(), 0U);
  memory.populate(kPage + 1, 1);
  EXPECT_EQ(cuda_double::used_driver_memory(), kPage);
  memory.data()[kPage] = std::byte{7};
  memory.populate(0, memory.nbytes());
  EXPECT_EQ(cuda_double::used_driver_memory(), 5 * kPage);
  EXPECT_EQ(memory.data()[kPage], std::byte{7});
  EXPECT_EQ(memory.data()[4 * kPage], std::byte{0});
  // Only the pages that are whole in the range.
  memory.release(kPage + 1, 2 * kPage);
  EXPECT_EQ(cuda_double::used_driver_memory(), 4 * kPage);
  memory.release(0, 2 * kPage);
  EXPECT_EQ(cuda_double::used_driver_memory(), 2 * kPage);
  memory.populate(kPage, kPage);
  EXPECT_EQ(memory.data()[kPage], std::byte{0});
}

TEST_F(CudaPagesTest, AreAllOrNoneIfMemoryRunsOut) {
  cuda_double::set_driver_memory(3 * kPage);
  auto memory = reserved(4 * kPage);
  memory.populate(0, kPage);
  EXPECT_THROW(memory.populate(kPage, 3 * kPage), OutOfBudget);
  EXPECT_EQ(cuda_double::used_driver_memory(), kPage);
  memory.populate(kPage, 2 * kPage);
  memory.data()[3 * kPage - 1] = std::byte{1};
}

TEST_F(CudaPagesTest, CannotBeOpenedByOtherRanks) {
  EXPECT_THROW(static_cast<void>(reserved(kPage).handle()), CommunicationError);
}

}  // namespace
}  // namespace distload
