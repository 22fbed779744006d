/// The double of NCCL finds violations of NCCL's rules. Two ranks are in this process, which non-blocking calls allow.
#include <chrono>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include <distload/base/error.hpp>

#include "device/device.hpp"
#include "device/emulated_device.hpp"
#include "parallel/nccl_functions.hpp"
#include "support/thrown_message.hpp"

namespace distload {
namespace {

using ::testing::HasSubstr;

class NcclDouble : public ::testing::Test {
 protected:
  struct Rank {
    ncclComm_t comm = nullptr;
    std::unique_ptr<Stream> stream;
    DeviceMemory memory;
    cudaStream_t native() const { return static_cast<cudaStream_t>(stream->handle()); }
  };

  /// The ranks of a new group, connected unless `connects` is false.
  std::vector<Rank> make(int size, bool connects = true) const {
    ncclUniqueId id{};
    nccl().ncclGetUniqueId(&id);
    std::vector<Rank> ranks(static_cast<std::size_t>(size));
    for (int rank = 0; rank < size; ++rank) {
      auto& one = ranks[static_cast<std::size_t>(rank)];
      one.stream = device->make_stream();
      one.memory = device->allocate(kBytes);
      ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
      config.blocking = 0;
      EXPECT_EQ(nccl().ncclCommInitRankConfig(&one.comm, size, id, rank, &config), ncclInProgress);
    }
    for (auto const& one : ranks) {
      if (connects) settle(one);
    }
    return ranks;
  }

  static ncclResult_t settle(Rank const& rank) {
    auto state = ncclInProgress;
    while (state == ncclInProgress) {
      nccl().ncclCommGetAsyncError(rank.comm, &state);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return state;
  }

  static void send(Rank const& rank, int peer, std::size_t count) {
    nccl().ncclSend(rank.memory.data(), count, ncclInt8, peer, rank.comm, rank.native());
  }
  static void receive(Rank const& rank, int peer, std::size_t count) {
    nccl().ncclRecv(rank.memory.data(), count, ncclInt8, peer, rank.comm, rank.native());
  }
  static void reduce(Rank const& rank, std::size_t count, ncclRedOp_t reduction = ncclSum) {
    nccl().ncclAllReduce(rank.memory.data(), rank.memory.data(), count, ncclFloat32, reduction, rank.comm,
                         rank.native());
  }

  static void finish(std::vector<Rank> const& ranks) {
    for (auto const& rank : ranks) {
      settle(rank);
      rank.stream->synchronize();
    }
  }

  static void close(Rank const& rank) {
    nccl().ncclCommFinalize(rank.comm);
    settle(rank);
    nccl().ncclCommDestroy(rank.comm);
  }

  static constexpr Bytes kBytes = 4096;
  std::unique_ptr<Device> const device = make_emulated_device({});
};

using NcclDoubleDeathTest = NcclDouble;

TEST_F(NcclDouble, LetsRightUsePass) {
  auto const ranks = make(2);
  send(ranks[0], 1, 100);
  receive(ranks[1], 0, 100);
  for (auto const& rank : ranks) {
    EXPECT_EQ(settle(rank), ncclSuccess);
    reduce(rank, 10);
  }
  for (auto const& rank : ranks) {
    EXPECT_EQ(settle(rank), ncclSuccess);
    rank.stream->synchronize();
    close(rank);
  }
}

TEST_F(NcclDoubleDeathTest, FindsMessagesOfDifferentSizes) {
  EXPECT_DEATH(
      {
        auto const ranks = make(2);
        send(ranks[0], 1, 100);
        receive(ranks[1], 0, 96);
        settle(ranks[1]);
        ranks[1].stream->synchronize();
      },
      "misuse: rank 1 expects from rank 0 a message of 96 elements.*gets a message of 100 elements");
}

TEST_F(NcclDoubleDeathTest, FindsCollectivesThatDiffer) {
  EXPECT_DEATH(
      {
        auto const ranks = make(2);
        reduce(ranks[0], 10, ncclSum);
        reduce(ranks[1], 10, ncclMax);
        finish(ranks);
      },
      "misuse: rank . expects from rank . a all-reduce of 10");
}

TEST_F(NcclDoubleDeathTest, FindsCollectivesInAnotherOrder) {
  EXPECT_DEATH(
      {
        auto const ranks = make(2);
        reduce(ranks[0], 10);
        auto& other = ranks[1];
        nccl().ncclBroadcast(other.memory.data(), other.memory.data(), 40, ncclInt8, 0, other.comm, other.native());
        finish(ranks);
      },
      "misuse: rank . expects from rank . a (all-reduce|broadcast)");
}

TEST_F(NcclDoubleDeathTest, FindsUseBeforeItIsReady) {
  EXPECT_DEATH(
      {
        setenv("NCCL_DOUBLE_SLOW_MS", "10000", 1);
        auto const ranks = make(1, false);
        reduce(ranks[0], 1);
      },
      "misuse: all-reduce while rank 0 of 1 is in progress");
}

TEST_F(NcclDoubleDeathTest, FindsUseAfterTheEnd) {
  EXPECT_DEATH(
      {
        auto const ranks = make(1);
        close(ranks[0]);
        reduce(ranks[0], 1);
      },
      "misuse: all-reduce after ncclCommDestroy");
  EXPECT_DEATH(
      {
        auto const ranks = make(1);
        nccl().ncclCommAbort(ranks[0].comm);
        ncclResult_t state = ncclSuccess;
        nccl().ncclCommGetAsyncError(ranks[0].comm, &state);
      },
      "misuse: ncclCommGetAsyncError after ncclCommDestroy or ncclCommAbort");
}

TEST_F(NcclDoubleDeathTest, FindsADestructionWithoutFinalisation) {
  EXPECT_DEATH(nccl().ncclCommDestroy(make(1)[0].comm), "misuse: ncclCommDestroy before ncclCommFinalize");
}

TEST_F(NcclDoubleDeathTest, FindsAnAbortInsideAGroup) {
  EXPECT_DEATH(
      {
        auto const ranks = make(1);
        nccl().ncclGroupStart();
        nccl().ncclCommAbort(ranks[0].comm);
      },
      "misuse: ncclCommAbort inside a group");
}

TEST_F(NcclDoubleDeathTest, FindsGroupsThatDoNotMatch) {
  EXPECT_DEATH(nccl().ncclGroupEnd(), "misuse: ncclGroupEnd without ncclGroupStart");
  EXPECT_DEATH(
      {
        nccl().ncclGroupStart();
        std::exit(0);
      },
      "misuse: the process ends inside a group");
}

TEST_F(NcclDoubleDeathTest, FindsWhatIsLeftOpen) {
  EXPECT_DEATH(
      {
        make(2);
        std::exit(0);
      },
      "misuse: the process ends with 2 communicators that are neither destroyed nor aborted");
}

TEST_F(NcclDoubleDeathTest, FindsPointersToOtherMemory) {
  EXPECT_DEATH(
      {
        auto const ranks = make(1);
        std::vector<float> values(4);
        nccl().ncclAllReduce(values.data(), values.data(), 4, ncclFloat32, ncclSum, ranks[0].comm, ranks[0].native());
      },
      "misuse: all-reduce with a pointer to host memory");
  EXPECT_DEATH(
      {
        auto const ranks = make(1);
        // More than is allocated.
        reduce(ranks[0], 64 * kMiB);
      },
      "misuse: all-reduce with a pointer to host memory");
}

TEST_F(NcclDoubleDeathTest, FindsRanksThatDoNotExist) {
  EXPECT_DEATH(send(make(2)[0], 2, 1), "misuse: message with rank 2 of 2");
}

TEST_F(NcclDouble, ReturnsMisuseIfAsked) {
  setenv("NCCL_DOUBLE_MISUSE", "return", 1);
  EXPECT_EQ(nccl().ncclGroupEnd(), ncclInvalidUsage);
  EXPECT_THAT(nccl().ncclGetLastError(nullptr), HasSubstr("ncclGroupEnd without ncclGroupStart"));
  EXPECT_THAT(
      thrown_message<CommunicationError>([] { DISTLOAD_NCCL(ncclGroupEnd()); }),
      HasSubstr(
          "ncclGroupEnd failed: invalid usage: misuse: ncclGroupEnd without ncclGroupStart (nccl_double_test.cpp:"));
  unsetenv("NCCL_DOUBLE_MISUSE");
}

}  // namespace
}  // namespace distload

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  // The tests have threads; a child runs its test from the beginning.
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  return RUN_ALL_TESTS();
}
