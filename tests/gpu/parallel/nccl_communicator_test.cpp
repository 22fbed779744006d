/// Communicator over NCCL, on jobs with one device per rank.
#include "parallel/nccl_communicator.hpp"

#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include "device/cuda/cuda_check.hpp"
#include "parallel/mpi_communicator.hpp"

namespace distload {
namespace {

/// Values that lie on the device while a communicator works on them.
template <class T>
class DeviceValues {
 public:
  explicit DeviceValues(std::vector<T> const& values) : buffer_(values.size() * sizeof(T)), count_(values.size()) {
    DISTLOAD_CUDA(cudaMemcpy(buffer_.data(), values.data(), count_ * sizeof(T), cudaMemcpyHostToDevice));
  }

  std::span<T> span() const { return {reinterpret_cast<T*>(buffer_.data()), count_}; }
  std::span<std::byte> bytes() const { return {buffer_.data(), count_ * sizeof(T)}; }

  std::vector<T> on_host() const {
    std::vector<T> values(count_);
    DISTLOAD_CUDA(cudaMemcpy(values.data(), buffer_.data(), count_ * sizeof(T), cudaMemcpyDeviceToHost));
    return values;
  }

 private:
  CudaBuffer buffer_;
  std::size_t count_;
};

class NcclCommunicatorTest : public testing::Test {
 protected:
  void SetUp() override {
    int devices = 0;
    DISTLOAD_CUDA(cudaGetDeviceCount(&devices));
    if (devices < static_cast<int>(world->size())) GTEST_SKIP() << "NCCL needs a device for every rank";
    ranks = std::make_unique<NcclCommunicator>(*world, NcclCommunicator::Options{.device = static_cast<int>(rank)});
  }

  std::unique_ptr<MpiCommunicator> const world = MpiCommunicator::duplicate(MPI_COMM_WORLD, {});
  std::uint32_t const rank = world->rank();
  std::uint32_t const size = world->size();
  std::unique_ptr<NcclCommunicator> ranks;
};

TEST_F(NcclCommunicatorTest, HasTheRanksOfItsBootstrap) {
  EXPECT_EQ(ranks->rank(), rank);
  EXPECT_EQ(ranks->size(), size);
  EXPECT_TRUE(ranks->serves_device_memory());
}

TEST_F(NcclCommunicatorTest, BroadcastsFromEveryRoot) {
  for (std::uint32_t root = 0; root < size; ++root) {
    DeviceValues<std::uint64_t> const values({rank, rank + 100});
    ranks->broadcast(values.bytes(), root);
    EXPECT_EQ(values.on_host(), (std::vector<std::uint64_t>{root, root + 100}));
  }
}

TEST_F(NcclCommunicatorTest, GathersInTheOrderOfRanks) {
  DeviceValues<std::uint64_t> const mine({rank});
  DeviceValues<std::uint64_t> const all(std::vector<std::uint64_t>(size, 99));
  ranks->all_gather(mine.bytes(), all.bytes());
  std::vector<std::uint64_t> expected;
  for (std::uint32_t from = 0; from < size; ++from) expected.push_back(from);
  EXPECT_EQ(all.on_host(), expected);
}

TEST_F(NcclCommunicatorTest, ReducesElementByElement) {
  DeviceValues<std::uint64_t> const sums({1, rank});
  DeviceValues<double> const largest({1.5, static_cast<double>(rank)});
  DeviceValues<float> const smallest({0.5F, -static_cast<float>(rank)});
  ranks->all_reduce(sums.span(), Reduction::sum);
  ranks->all_reduce(largest.span(), Reduction::max);
  ranks->all_reduce(smallest.span(), Reduction::min);
  EXPECT_EQ(sums.on_host(), (std::vector<std::uint64_t>{size, size * (size - 1) / 2}));
  EXPECT_EQ(largest.on_host(), (std::vector<double>{1.5, static_cast<double>(size - 1)}));
  EXPECT_EQ(smallest.on_host(), (std::vector<float>{0.5F, -static_cast<float>(size - 1)}));
}

TEST_F(NcclCommunicatorTest, ExchangesAroundARing) {
  auto const next = (rank + 1) % size;
  auto const previous = (rank + size - 1) % size;
  DeviceValues<std::uint64_t> const sent({rank, 7});
  DeviceValues<std::uint64_t> const received({rank, 7});
  std::vector<Send> const sends{{next, sent.bytes().data(), sent.bytes().size()}};
  std::vector<Receive> const receives{{previous, received.bytes().data(), received.bytes().size()}};
  // A rank never sends to itself.
  bool const alone = size == 1;
  ranks->exchange(alone ? std::span<Send const>() : sends, alone ? std::span<Receive const>() : receives);
  EXPECT_EQ(received.on_host(), (std::vector<std::uint64_t>{previous, 7}));
}

TEST_F(NcclCommunicatorTest, SplitsByColorAndOrdersByKey) {
  auto const part = ranks->split(rank % 2, size - rank);
  EXPECT_EQ(part->size(), (size + 1 - rank % 2) / 2);
  DeviceValues<std::uint64_t> const sum({1});
  part->all_reduce(sum.span(), Reduction::sum);
  EXPECT_EQ(sum.on_host().front(), part->size());
  // The keys run backwards.
  auto const members_above = (size - 1 - rank) / 2;
  EXPECT_EQ(part->rank(), members_above);
}

TEST_F(NcclCommunicatorTest, Meets) { EXPECT_NO_THROW(ranks->barrier()); }

}  // namespace
}  // namespace distload
