/// Streams, events and memory of every device that this build has: the host, the emulated device, and the GPU.
#include "device/device.hpp"

#include <atomic>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <sys/stat.h>

#include <gtest/gtest.h>

#include <distload/base/error.hpp>

#include "device/emulated_device.hpp"
#include "device/host_device.hpp"
#include "device/pinned_ring.hpp"
#if defined(DISTLOAD_ENABLE_CUDA)
#include "device/cuda/cuda_device.hpp"
#endif

namespace distload {
namespace {

using DeviceFactory = std::unique_ptr<Device> (*)();

class DeviceTest : public testing::TestWithParam<DeviceFactory> {
 protected:
  std::vector<std::byte> on_host(DeviceMemory const& memory) {
    std::vector<std::byte> bytes(memory.nbytes());
    auto const stream = device->make_stream();
    stream->copy(bytes.data(), memory.data(), bytes.size());
    stream->synchronize();
    return bytes;
  }

  std::unique_ptr<Device> const device = GetParam()();
};

TEST_P(DeviceTest, GivesZeroedWholePages) {
  auto const memory = device->allocate(3 * kMiB + 1);
  EXPECT_EQ(memory.nbytes(), 3 * kMiB + 1);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.data()) % 512, 0U);
  EXPECT_EQ(on_host(memory), std::vector<std::byte>(3 * kMiB + 1));
  EXPECT_EQ(device->allocate(0).data(), nullptr);
}

TEST_P(DeviceTest, GivesPagesToReservedMemoryAndTakesThem) {
  auto memory = device->reserve(7 * kMiB);
  auto const page = memory.page_bytes();
  ASSERT_GT(page, 0U);
  auto const stream = device->make_stream();
  std::byte const value{5};
  memory.populate(page, 1);
  stream->copy(memory.data() + 2 * page - 1, &value, 1);
  stream->synchronize();
  memory.populate(0, memory.nbytes());
  EXPECT_EQ(on_host(memory)[2 * page - 1], value);
  EXPECT_EQ(on_host(memory)[0], std::byte{0});
  // Only whole pages.
  memory.release(page + 1, page - 1);
  EXPECT_EQ(on_host(memory)[2 * page - 1], value);
  memory.release(page, page);
  memory.populate(page, page);
  EXPECT_EQ(on_host(memory), std::vector<std::byte>(7 * kMiB));
  EXPECT_THROW(static_cast<void>(memory.handle()), Error);
  EXPECT_EQ(device->reserve(0).data(), nullptr);
}

TEST_P(DeviceTest, CopiesInTheOrderOfAStream) {
  auto const memory = device->allocate(2);
  auto const stream = device->make_stream();
  std::vector<std::byte> const first(2, std::byte{1});
  std::vector<std::byte> const second(1, std::byte{2});
  stream->copy(memory.data(), first.data(), 2);
  stream->copy(memory.data() + 1, second.data(), 1);
  stream->synchronize();
  EXPECT_EQ(on_host(memory), (std::vector{std::byte{1}, std::byte{2}}));
}

TEST_P(DeviceTest, OrdersStreamsByEvents) {
  constexpr std::size_t kRounds = 50;
  auto const memory = device->allocate(1);
  auto const writer = device->make_stream();
  auto const reader = device->make_stream();
  auto const written = device->make_event();
  auto const read = device->make_event();
  std::vector<std::byte> values(kRounds);
  std::vector<std::byte> found(kRounds);
  for (std::size_t round = 0; round < kRounds; ++round) values[round] = std::byte(round + 1);
  for (std::size_t round = 0; round < kRounds; ++round) {
    writer->wait_for(*read);
    writer->copy(memory.data(), &values[round], 1);
    writer->record(*written);
    reader->wait_for(*written);
    reader->copy(&found[round], memory.data(), 1);
    reader->record(*read);
  }
  read->wait();
  EXPECT_TRUE(read->is_complete());
  EXPECT_EQ(found, values);
}

TEST_P(DeviceTest, AnEventMayBeWaitedForOnAnotherThread) {
  auto const stream = device->make_stream();
  auto const event = device->make_event();
  EXPECT_TRUE(event->is_complete());
  std::atomic<int> calls = 0;
  for (int i = 0; i < 10; ++i) stream->call([&calls] { ++calls; });
  stream->record(*event);
  std::thread([&] { event->wait(); }).join();
  EXPECT_EQ(calls, 10);
}

TEST_P(DeviceTest, RunsKernels) {
  constexpr std::size_t kCount = 1000;
  auto const memory = device->allocate(kCount * sizeof(int));
  auto const stream = device->make_stream();
  auto* const numbers = reinterpret_cast<int*>(memory.data());
  stream->run("test", [numbers](Kokkos::DefaultExecutionSpace const& space) {
    Kokkos::parallel_for(
        "test", Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace>(space, 0, kCount),
        KOKKOS_LAMBDA(std::size_t i) { numbers[i] = static_cast<int>(i); });
  });
  stream->synchronize();
  auto const bytes = on_host(memory);
  auto const* const found = reinterpret_cast<int const*>(bytes.data());
  for (std::size_t i = 0; i < kCount; ++i) EXPECT_EQ(found[i], static_cast<int>(i));
}

TEST_P(DeviceTest, TakesTheTimeOnStreams) {
  auto const stream = device->make_stream();
  auto const times = device->make_timestamps(3);
  times->record(*stream, 0);
  times->record(*stream, 2);
  stream->synchronize();
  EXPECT_LE(times->seconds(0).value(), times->seconds(2).value());
  EXPECT_FALSE(times->seconds(1).has_value());
}

TEST_P(DeviceTest, PinsARingOfHugePages) {
  PinnedRing ring(*device, 3, 5 * kMiB, PageSize::huge);
  EXPECT_EQ(ring.slots(), 3U);
  for (std::uint32_t slot = 0; slot < 3; ++slot) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(ring.slot(slot)) % kHugePageBytes, 0U);
    ring.slot(slot)[5 * kMiB - 1] = std::byte(slot);
  }
  auto const memory = device->allocate(5 * kMiB);
  auto const stream = device->make_stream();
  stream->copy(memory.data(), ring.slot(2), 5 * kMiB);
  stream->synchronize();
  EXPECT_EQ(on_host(memory).back(), std::byte{2});
}

#if defined(DISTLOAD_ENABLE_CUDA)
INSTANTIATE_TEST_SUITE_P(Gpu, DeviceTest, testing::Values([] { return make_cuda_device(0); }));
#else
INSTANTIATE_TEST_SUITE_P(Host, DeviceTest, testing::Values(&make_host_device));
INSTANTIATE_TEST_SUITE_P(Emulated, DeviceTest, testing::Values([] { return make_emulated_device({}); }));

TEST(EmulatedDevice, ShowsItsMemoryToOthers) {
  auto const device = make_emulated_device({});
  auto const memory = device->allocate(10);
  auto const seen = device->open(memory.handle());
  seen.data()[7] = std::byte{9};
  EXPECT_EQ(memory.data()[7], std::byte{9});
  EXPECT_EQ(device->open(MemoryHandle{}).data(), nullptr);
}

TEST(EmulatedDevice, HasNoMemoryInPagesThatAreNotThere) {
  // Of the files that are the memory of emulated devices.
  auto const used_bytes = [] {
    Bytes used = 0;
    for (auto const& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      auto const target = std::filesystem::read_symlink(entry.path(), gone).string();
      struct stat status {};
      if (target.starts_with("/memfd:distload") && ::stat(entry.path().c_str(), &status) == 0)
        used += static_cast<Bytes>(status.st_blocks) * 512;
    }
    return used;
  };
  auto const device = make_emulated_device({});
  auto const before = used_bytes();
  auto memory = device->reserve(16 * kMiB);
  EXPECT_DEATH(memory.data()[0] = std::byte{1}, "");
  memory.populate(0, 16 * kMiB);
  std::memset(memory.data(), 1, 16 * kMiB);
  EXPECT_EQ(used_bytes(), before + 16 * kMiB);
  memory.release(0, 12 * kMiB);
  EXPECT_EQ(used_bytes(), before + 4 * kMiB);
  EXPECT_DEATH(memory.data()[0] = std::byte{1}, "");
}

TEST(EmulatedDevice, AStreamKeepsItsFirstFailure) {
  auto const device = make_emulated_device({});
  auto const stream = device->make_stream();
  auto const event = device->make_event();
  bool has_run = false;
  stream->call([] { throw std::runtime_error("the first"); });
  stream->call([] { throw std::runtime_error("the second"); });
  stream->call([&has_run] { has_run = true; });
  stream->record(*event);
  event->wait();
  EXPECT_THROW(stream->check(), std::runtime_error);
  EXPECT_THROW(stream->synchronize(), std::runtime_error);
  EXPECT_FALSE(has_run);
}
#endif

}  // namespace
}  // namespace distload
