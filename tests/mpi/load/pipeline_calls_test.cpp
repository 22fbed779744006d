// The calls of CUDA and NCCL in a load of two waves, the second with messages, against a list that was compared with
// the documentation of both. The CUDA implementation of Device runs over a double; NCCL is replaced by a recorder.
#include "load/pipeline.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "device/cuda/cuda_device.hpp"
#include "io/engines/make_engine.hpp"
#include "load/open_steps.hpp"
#include "parallel/nccl_communicator.hpp"
#include "plan/make_plan.hpp"
#include "plan/rank_work.hpp"
#include "support/cuda_double/cuda_double.hpp"
#include "support/mpi_suite.hpp"
#include "support/scratch_directory.hpp"
#include "support/tiny_llama.hpp"

namespace distload {
namespace {

/// Records Kokkos' kernels and fences among the calls. Each execution space that Kokkos was built with, and that the
/// linker has taken from its library, reports every fence: those of the default one count.
void record_kernels() {
  namespace tools = Kokkos::Tools::Experimental;
  tools::set_begin_parallel_for_callback([](char const* name, std::uint32_t, std::uint64_t*) {
    cuda_double_record(("kernel " + std::string(name)).c_str());
  });
  tools::set_begin_fence_callback([](char const* name, std::uint32_t device, std::uint64_t*) {
    constexpr auto kDefault = tools::DeviceTypeTraits<Kokkos::DefaultExecutionSpace>::id;
    // Kokkos fences before it calls back.
    if (tools::identifier_from_devid(device).type == kDefault && !std::string_view(name).starts_with("Kokkos::Tools"))
      cuda_double_record(("fence " + std::string(name)).c_str());
  });
}

void record_no_kernels() {
  Kokkos::Tools::Experimental::set_begin_parallel_for_callback(nullptr);
  Kokkos::Tools::Experimental::set_begin_fence_callback(nullptr);
}

constexpr Bytes kMessageBytes = 64 * kKiB;
constexpr Bytes kBlockOfTest = 16 * kKiB;

class PipelineCallsTest : public MpiSuite {
 protected:
  void SetUp() override {
    if (ranks().rank() == 0) testing::write_tiny_llama(directory_);
    ranks().barrier();
  }

  /// The plan with two waves: slots are as small as that needs.
  static LoadPlan plan_of_two_waves(OpenedCheckpoint const& opened, Topology const& topology, std::uint32_t rank) {
    PlanOptions options;
    options.arena_on_host = false;
    options.slots = 2;
    options.in_place_bytes = kMessageBytes;
    options.staging_bytes = kMinimumStagingBlocks * opened.catalog.block_bytes;
    while (true) {
      auto plan = make_plan(opened.catalog, opened.layout, topology, rank, options);
      if (plan.work->waves.size() <= 2) return plan;
      options.staging_bytes += opened.catalog.block_bytes;
    }
  }

  OpenedCheckpoint opened(Topology const& topology) const {
    LoaderOptions config;
    config.checkpoint.path = directory_;
    auto checkpoint = open_alone(config, topology);
    checkpoint.catalog.block_bytes = kBlockOfTest;
    return checkpoint;
  }

  /// Runs the plan on a GPU of the double. @returns the shards.
  std::vector<std::byte> run(OpenedCheckpoint const& opened, LoadPlan const& plan, StreamMessages& messages,
                             Device& device) {
    Arena const arena(device, plan.arena_bytes);
    Staging::Size size{.slots = plan.slots, .slot_bytes = plan.slot_bytes};
    for (auto const& wave : plan.work->waves) size.read_bytes = std::max(size.read_bytes, wave.read_staging_bytes);
    Staging const staging(device, size, PageSize::small);
    auto const engine = make_engine(ReadEngine::buffered, InputFiles(opened.catalog, Caching::page_cache), ranks(), {});
    run_pipeline(plan, *engine, ranks(), messages, device, arena, staging, {});
    return {arena.data(), arena.data() + arena.nbytes()};
  }

  ScratchDirectory const scratch_{ranks()};
  std::string const directory_ = scratch_.path();
};

/// Each rank for itself.
TEST_F(PipelineCallsTest, LoadsOnACudaDevice) {
  auto const checkpoint = opened({1, 1, 1});
  auto const plan = plan_of_two_waves(checkpoint, {1, 1, 1}, 0);
  auto const device = make_cuda_device(0);
  HostStreamMessages messages(ranks());
  auto const arena = run(checkpoint, plan, messages, *device);
  auto const tensors = testing::tiny_llama_tensors();
  for (auto const& shard : plan.work->shards) {
    auto const& tensor = checkpoint.catalog.tensors[checkpoint.layout.parameters[shard.parameter].tensor];
    auto const number =
        static_cast<std::size_t>(std::ranges::find(tensors, tensor.name, &testing::TinyTensor::name) - tensors.begin());
    auto const* const values = reinterpret_cast<float const*>(arena.data() + shard.offset_bytes);
    for (std::uint64_t i = 0; i < shard.nbytes / sizeof(float); ++i) {
      ASSERT_EQ(values[i], testing::tiny_llama_value(number, i)) << tensor.name << " " << i;
    }
  }
}

TEST_F(PipelineCallsTest, CallsCudaAndNcclInTheReviewedOrder) {
  setenv("DISTLOAD_NCCL_LIBRARY", NCCL_RECORDER, 1);
  auto const checkpoint = opened({2, 1, 1});
  auto const plan = plan_of_two_waves(checkpoint, {2, 1, 1}, ranks().rank());
  ASSERT_EQ(plan.work->waves.size(), 2U);
  ASSERT_TRUE(plan.has_messages);
  auto const device = make_cuda_device(0);
  cuda_double::forget();
  {
    NcclCommunicator messages(ranks(), {.device = device.get()});
    record_kernels();
    run(checkpoint, plan, messages, *device);
    record_no_kernels();
  }
  if (ranks().rank() != 0) return;
  std::ostringstream text;
  for (auto const& call : cuda_double::calls()) text << call << "\n";
  std::ifstream file(GOLDEN_CALLS);
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(text.str(), golden.str());
}

}  // namespace
}  // namespace distload
