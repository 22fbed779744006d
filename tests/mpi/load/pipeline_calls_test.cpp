// The calls of CUDA and NCCL in a load of two waves, the second with messages, against a list that was compared with the
// documentation of both. The CUDA implementation of Device runs over a double; NCCL is replaced by a recorder.
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

constexpr Bytes kMessageBytes = 64 * kKiB;

class PipelineCallsTest : public MpiSuite {
 protected:
  void SetUp() override { testing::write_tiny_llama(directory_); }

  /// The plan of rank 0.
  LoadPlan plan(OpenedCheckpoint const& opened, Topology const& topology) const {
    PlanOptions options;
    options.arena_on_host = false;
    options.slots = 2;
    options.in_place_bytes = kMessageBytes;
    return make_plan(opened.catalog, opened.layout, topology, 0, options);
  }

  LoaderOptions config() const {
    LoaderOptions config;
    config.checkpoint.path = directory_;
    return config;
  }

  /// Runs the plan on a GPU of the double. @returns the shards.
  std::vector<std::byte> run(OpenedCheckpoint const& opened, LoadPlan const& plan, StreamMessages& messages,
                             Device& device) {
    Arena const arena(device, plan.arena_bytes);
    Staging::Size size{.slots = plan.slots, .slot_bytes = plan.slot_bytes};
    for (auto const& wave : plan.work->waves) size.read_bytes = std::max(size.read_bytes, wave.read_staging_bytes);
    Staging const staging(device, size, PageSize::small);
    auto const engine =
        make_engine(ReadEngine::buffered, InputFiles(opened.catalog, Caching::page_cache), ranks(), {});
    run_pipeline(plan, *engine, ranks(), messages, device, arena, staging, {});
    return {arena.data(), arena.data() + arena.nbytes()};
  }

  std::string const directory_ = testing::scratch_directory(ranks());
};

/// The plan's reads in the order of the double, as shards on the host would have them.
TEST_F(PipelineCallsTest, LoadsOnACudaDevice) {
  auto const opened = open_alone(config(), {1, 1, 1});
  auto const plan = this->plan(opened, {1, 1, 1});
  auto const device = make_cuda_device(0);
  HostStreamMessages messages(ranks());
  auto const arena = run(opened, plan, messages, *device);
  auto const tensors = testing::tiny_llama_tensors();
  for (auto const& shard : plan.work->shards) {
    auto const& tensor = opened.catalog.tensors[opened.layout.parameters[shard.parameter].tensor];
    auto const number = static_cast<std::size_t>(
        std::ranges::find(tensors, tensor.name, &testing::TinyTensor::name) - tensors.begin());
    auto const* const values = reinterpret_cast<float const*>(arena.data() + shard.offset_bytes);
    for (std::uint64_t i = 0; i < shard.nbytes / sizeof(float); ++i) {
      ASSERT_EQ(values[i], testing::tiny_llama_value(number, i)) << tensor.name << " " << i;
    }
  }
}

TEST_F(PipelineCallsTest, CallsCudaAndNcclInTheReviewedOrder) {
  setenv("DISTLOAD_NCCL_LIBRARY", NCCL_RECORDER, 1);
  auto const opened = open_alone(config(), {2, 1, 1});
  auto const plan = this->plan(opened, {2, 1, 1});
  ASSERT_EQ(plan.work->waves.size(), 1U);
  // What needs no messages, then what does: as two waves of one load.
  auto const device = make_cuda_device(0);
  cuda_double::forget();
  {
    NcclCommunicator messages(ranks(), {.device = device.get()});
    run(opened, plan, messages, *device);
  }
  std::ostringstream text;
  for (auto const& call : cuda_double::calls()) text << call << "\n";
  std::ifstream file(GOLDEN_CALLS);
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(text.str(), golden.str());
}

}  // namespace
}  // namespace distload
