/// Communicator over NCCL. Host builds run it over the emulated device and the double of NCCL; CUDA builds over NCCL
/// itself, on jobs with one device per rank, and over the double on one device.
#include "parallel/nccl_communicator.hpp"

#include <cstdlib>
#include <cstring>
#include <numeric>
#include <stdexcept>
#include <thread>

#include <gmock/gmock.h>

#include <distload/base/error.hpp>

#include "device/survey.hpp"
#include "parallel/mpi_communicator.hpp"
#include "parallel/nccl_library.hpp"
#include "support/thrown_message.hpp"

namespace distload {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

/// Values that lie on the device while a communicator works on them.
template <class T>
class DeviceValues {
 public:
  explicit DeviceValues(std::vector<T> const& values)
      : memory_(device_of_process().allocate(values.size() * sizeof(T))), count_(values.size()) {
    copy(memory_.data(), reinterpret_cast<std::byte const*>(values.data()));
  }

  std::span<T> span() const { return {reinterpret_cast<T*>(memory_.data()), count_}; }
  std::span<std::byte> bytes() const { return {memory_.data(), count_ * sizeof(T)}; }

  std::vector<T> on_host() const {
    std::vector<T> values(count_);
    copy(reinterpret_cast<std::byte*>(values.data()), memory_.data());
    return values;
  }

 private:
  /// Waits: other streams do not wait for this one.
  void copy(std::byte* to, std::byte const* from) const {
    auto const stream = device_of_process().make_stream();
    stream->copy(to, from, count_ * sizeof(T));
    stream->synchronize();
  }

  DeviceMemory memory_;
  std::size_t count_;
};

/// Sets an environment variable for a scope.
class Variable {
 public:
  Variable(char const* name, std::string const& value) : name_(name) { setenv(name, value.c_str(), 1); }
  ~Variable() { unsetenv(name_); }
  Variable(Variable const&) = delete;
  Variable& operator=(Variable const&) = delete;

 private:
  char const* name_;
};

bool is_double() {
  auto const* const library = std::getenv(kNcclLibraryVariable);
  return library != nullptr && std::strstr(library, "nccl_double") != nullptr;
}

class NcclCommunicatorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!is_double() && survey_devices().devices.size() < size) GTEST_SKIP() << "NCCL needs a device for every rank";
    options.device = &device_of_process();
    options.timeout = 20s;
  }

  std::unique_ptr<NcclCommunicator> make() const { return std::make_unique<NcclCommunicator>(*world, options); }

  /// As the pipeline waits.
  static void wait(NcclCommunicator& ranks, Stream const& stream) {
    while (!stream.is_done()) {
      ranks.check();
      std::this_thread::sleep_for(1ms);
    }
  }

  /// A message to every other rank; its bytes depend on sender, receiver and place.
  static std::vector<std::byte> message(std::uint32_t from, std::uint32_t to, std::size_t nbytes) {
    std::vector<std::byte> bytes(nbytes);
    for (std::size_t i = 0; i < nbytes; ++i) bytes[i] = static_cast<std::byte>(from * 7 + to * 31 + i * 13 + i / 251);
    return bytes;
  }

  std::unique_ptr<MpiCommunicator> const world = MpiCommunicator::duplicate(MPI_COMM_WORLD, {});
  std::uint32_t const rank = world->rank();
  std::uint32_t const size = world->size();
  NcclCommunicator::Options options;
};

TEST_F(NcclCommunicatorTest, HasTheRanksOfItsBootstrap) {
  auto const ranks = make();
  EXPECT_EQ(ranks->rank(), rank);
  EXPECT_EQ(ranks->size(), size);
  EXPECT_TRUE(ranks->serves_device_memory());
}

TEST_F(NcclCommunicatorTest, BroadcastsFromEveryRoot) {
  auto const ranks = make();
  for (std::uint32_t root = 0; root < size; ++root) {
    DeviceValues<std::uint64_t> const values({100 + rank, rank});
    ranks->broadcast(values.bytes(), root);
    EXPECT_EQ(values.on_host(), (std::vector<std::uint64_t>{100 + root, root}));
  }
}

TEST_F(NcclCommunicatorTest, GathersInTheOrderOfRanks) {
  auto const ranks = make();
  DeviceValues<std::uint64_t> const sent({10 * rank, 10 * rank + 1});
  DeviceValues<std::uint64_t> const received(std::vector<std::uint64_t>(2 * size));
  ranks->all_gather(sent.bytes(), received.bytes());
  std::vector<std::uint64_t> expected;
  for (std::uint64_t from = 0; from < size; ++from) expected.insert(expected.end(), {10 * from, 10 * from + 1});
  EXPECT_EQ(received.on_host(), expected);
}

TEST_F(NcclCommunicatorTest, ReducesElementByElement) {
  auto const ranks = make();
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
  auto const ranks = make();
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

TEST_F(NcclCommunicatorTest, ExchangesManyMessagesOfAllSizesBetweenAllPairs) {
  auto const ranks = make();
  std::vector<std::size_t> const sizes{5, 3 * (std::size_t{1} << 20U) + 17, 0, std::size_t{1} << 20U, 1};
  std::vector<DeviceValues<std::byte>> buffers;
  std::vector<Send> sends;
  std::vector<Receive> receives;
  std::vector<std::pair<std::size_t, std::uint32_t>> arrivals;  // buffer and sender
  for (int repetition = 0; repetition < 3; ++repetition) {
    buffers.clear();
    sends.clear();
    receives.clear();
    arrivals.clear();
    for (std::uint32_t step = 1; step < size; ++step) {
      // Each rank lists its peers in an order of its own.
      auto const to = (rank + step) % size;
      auto const from = (rank + (rank % 2 == 0 ? size - step : step)) % size;
      for (auto const nbytes : sizes) {
        auto const& sent = buffers.emplace_back(message(rank, to, nbytes));
        sends.push_back({to, sent.bytes().data(), nbytes});
        arrivals.emplace_back(buffers.size(), from);
        auto const& received = buffers.emplace_back(std::vector<std::byte>(nbytes));
        receives.push_back({from, received.bytes().data(), nbytes});
      }
    }
    ranks->exchange(sends, receives);
    for (auto const& [buffer, from] : arrivals) {
      auto const arrived = buffers[buffer].on_host();
      EXPECT_TRUE(arrived == message(from, rank, arrived.size())) << arrived.size() << " bytes from rank " << from;
    }
  }
}

TEST_F(NcclCommunicatorTest, ExchangesInTheOrderOfAStreamOfTheCaller) {
  if (size == 1) GTEST_SKIP() << "needs a peer";
  auto const ranks = make();
  auto const next = (rank + 1) % size;
  auto const previous = (rank + size - 1) % size;
  auto const stream = device_of_process().make_stream();
  DeviceValues<std::uint64_t> const source({rank + 1});
  DeviceValues<std::uint64_t> const packed({0});
  DeviceValues<std::uint64_t> const received({0});
  DeviceValues<std::uint64_t> const placed({0});
  for (int wave = 0; wave < 4; ++wave) {
    stream->copy(packed.bytes().data(), source.bytes().data(), sizeof(std::uint64_t));
    std::vector<Send> const sends{{next, packed.bytes().data(), sizeof(std::uint64_t)}};
    std::vector<Receive> const receives{{previous, received.bytes().data(), sizeof(std::uint64_t)}};
    ranks->exchange(sends, receives, *stream);
    stream->copy(placed.bytes().data(), received.bytes().data(), sizeof(std::uint64_t));
  }
  wait(*ranks, *stream);
  EXPECT_EQ(placed.on_host().front(), previous + 1);
}

TEST_F(NcclCommunicatorTest, SplitsByColorAndOrdersByKey) {
  auto const ranks = make();
  for (int time = 0; time < 3; ++time) {
    auto const part = ranks->split(rank % 2, size - rank);
    EXPECT_EQ(part->size(), (size + 1 - rank % 2) / 2);
    DeviceValues<std::uint64_t> const sum({1});
    part->all_reduce(sum.span(), Reduction::sum);
    EXPECT_EQ(sum.on_host().front(), part->size());
    // The keys run backwards.
    auto const members_above = (size - 1 - rank) / 2;
    EXPECT_EQ(part->rank(), members_above);
    ranks->barrier();  // the group that was split goes on
  }
}

TEST_F(NcclCommunicatorTest, Meets) { EXPECT_NO_THROW(make()->barrier()); }

TEST_F(NcclCommunicatorTest, RefusesMessagesToItselfBeforeItBegins) {
  auto const ranks = make();
  DeviceValues<std::uint64_t> const value({1});
  std::vector<Send> const sends{{rank, value.bytes().data(), 8}};
  EXPECT_THROW(ranks->exchange(sends, {}), InternalError);
  std::vector<Receive> const receives{{size, value.bytes().data(), 8}};
  EXPECT_THROW(ranks->exchange({}, receives), InternalError);
  EXPECT_NO_THROW(ranks->barrier());
}

/// What only the double can bring about.
class NcclFailures : public NcclCommunicatorTest {
 protected:
  void SetUp() override {
    if (!is_double()) GTEST_SKIP() << "needs the double of NCCL";
    NcclCommunicatorTest::SetUp();
  }

  static Variable fault(std::string const& text) { return {"NCCL_DOUBLE_FAULT", text}; }
  static Variable slow(std::chrono::milliseconds time) { return {"NCCL_DOUBLE_SLOW_MS", std::to_string(time.count())}; }

  std::string failure_of_barrier(NcclCommunicator& ranks) {
    return thrown_message<CommunicationError>([&] { ranks.barrier(); });
  }
};

TEST_F(NcclFailures, ConnectsInTheBackground) {
  auto const variable = slow(200ms);
  auto const ranks = make();
  EXPECT_FALSE(ranks->is_connected());
  ranks->barrier();
  EXPECT_TRUE(ranks->is_connected());
}

TEST_F(NcclFailures, ARankThatNeverComesEndsTheWaitOnAllRanks) {
  auto const variable = fault("absent:" + std::to_string(size - 1));
  options.timeout = 300ms;
  auto const ranks = make();
  EXPECT_FALSE(ranks->is_connected());
  EXPECT_THAT(failure_of_barrier(*ranks), HasSubstr("NCCL set-up on "));
  EXPECT_THAT(failure_of_barrier(*ranks), HasSubstr("comes after an earlier failure"));
}

TEST_F(NcclFailures, ARefusalOfOneRankIsThrownOnAll) {
  auto const variable = fault("refuse:" + std::to_string(size - 1));
  EXPECT_THAT(thrown_message<CommunicationError>([&] { make(); }),
              HasSubstr("ncclCommInitRankConfig failed: unhandled system error: a refusal that the test asked for"));
}

TEST_F(NcclFailures, AnAsynchronousErrorIsThrownAndTimesOutElsewhere) {
  auto const variable = fault("error:0:2");
  options.timeout = 400ms;
  auto const ranks = make();
  ranks->barrier();
  auto const message = failure_of_barrier(*ranks);
  if (rank == 0) {
    EXPECT_THAT(message, HasSubstr("failed: remote process exited"));
  } else {
    EXPECT_THAT(message, HasSubstr("did not end within 0.4 s"));
  }
  EXPECT_THAT(message, HasSubstr("rank " + std::to_string(rank) + " of a group of " + std::to_string(size)));
}

TEST_F(NcclFailures, AnOperationThatHangsTimesOut) {
  if (size == 1) GTEST_SKIP() << "needs a peer";
  auto const variable = fault("vanish:0:1");
  options.timeout = 400ms;
  auto const ranks = make();
  EXPECT_THAT(failure_of_barrier(*ranks), HasSubstr("did not end within"));
}

TEST_F(NcclFailures, AnEnqueuedOperationThatHangsTimesOut) {
  auto const variable = fault("vanish:" + std::to_string(rank) + ":1");
  options.timeout = 300ms;
  auto const ranks = make();
  auto const stream = device_of_process().make_stream();
  DeviceValues<std::uint64_t> const value({1});
  auto const peer = (rank + 1) % size;
  std::vector<Send> const sends{{peer, value.bytes().data(), 8}};
  if (size == 1) GTEST_SKIP() << "needs a peer";
  ranks->exchange(sends, {}, *stream);
  EXPECT_THAT(thrown_message<CommunicationError>([&] { wait(*ranks, *stream); }), HasSubstr("NCCL exchange on "));
}

TEST_F(NcclFailures, AnExceptionAbortsWhatIsUnderWay) {
  if (size == 1) GTEST_SKIP() << "needs a peer";
  auto const begin = std::chrono::steady_clock::now();
  auto const fails = [&] {
    auto const stream = device_of_process().make_stream();
    auto const ranks = make();
    ranks->barrier();
    DeviceValues<std::uint64_t> const value({1});
    std::vector<Receive> const receives{{(rank + 1) % size, value.bytes().data(), 8}};
    ranks->exchange({}, receives, *stream);  // nobody sends
    throw std::runtime_error("an unrelated failure");
  };
  EXPECT_THROW(fails(), std::runtime_error);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

TEST_F(NcclFailures, ASplitThatAParentCannotMakeTimesOut) {
  if (size == 1) GTEST_SKIP() << "needs a peer";
  options.timeout = 300ms;
  auto const ranks = make();
  ranks->barrier();
  // Rank 0 does not take part. Its own abort comes when all others have given up.
  if (rank != 0) {
    EXPECT_THROW(ranks->split(0, rank), CommunicationError);
  }
  world->barrier();
}

TEST_F(NcclFailures, WaitsLookLikeWaitsToTheWatchdog) {
  Heartbeat heartbeat;
  auto const variable = fault("absent:0");
  options.timeout = 500ms;
  options.heartbeat = &heartbeat;
  auto const ranks = make();
  std::atomic<bool> has_waited = false;
  std::thread watcher([&] {
    for (int look = 0; look < 400 && !has_waited; ++look) {
      has_waited = heartbeat.waits();
      std::this_thread::sleep_for(1ms);
    }
  });
  EXPECT_THROW(ranks->barrier(), CommunicationError);
  watcher.join();
  EXPECT_TRUE(has_waited);
  EXPECT_FALSE(heartbeat.waits());
}

TEST_F(NcclFailures, AWatchedRankLeavesTimeOutsToTheWatchdog) {
  Heartbeat heartbeat;
  auto const variable = slow(300ms);
  options.timeout = 50ms;
  options.heartbeat = &heartbeat;
  heartbeat.set_watched(true);
  EXPECT_NO_THROW(make()->barrier());
  heartbeat.set_watched(false);
  auto const ranks = make();
  EXPECT_THAT(failure_of_barrier(*ranks), HasSubstr("did not end within 0.05 s"));
}

}  // namespace
}  // namespace distload
