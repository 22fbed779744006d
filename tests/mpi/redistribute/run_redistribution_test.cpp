// Redistributions between arenas: what arrives changed is noticed, and memory stays bounded in place.
#include "redistribute/run_redistribution.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <numeric>
#include <vector>

#include <distload/base/error.hpp>

#include "base/process_memory.hpp"
#include "redistribute/plan/make_redistribute_plan.hpp"
#include "support/mpi_suite.hpp"
#include "support/thrown_message.hpp"
#include "unit/redistribute/small_models.hpp"

namespace distload {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// A communicator that changes one byte on the way to rank 1.
class FaultyCommunicator : public Communicator {
 public:
  explicit FaultyCommunicator(Communicator& ranks) : ranks_(ranks) {}

  std::uint32_t rank() const noexcept override { return ranks_.rank(); }
  std::uint32_t size() const noexcept override { return ranks_.size(); }
  bool serves_device_memory() const noexcept override { return ranks_.serves_device_memory(); }
  void broadcast(std::span<std::byte> bytes, std::uint32_t root) override { ranks_.broadcast(bytes, root); }
  void all_gather(std::span<std::byte const> sent, std::span<std::byte> received) override {
    ranks_.all_gather(sent, received);
  }
  void all_reduce(std::span<std::uint64_t> values, Reduction reduction) override {
    ranks_.all_reduce(values, reduction);
  }
  void all_reduce(std::span<double> values, Reduction reduction) override { ranks_.all_reduce(values, reduction); }
  void all_reduce(std::span<float> values, Reduction reduction) override { ranks_.all_reduce(values, reduction); }
  void exchange(std::span<Send const> sends, std::span<Receive const> receives) override {
    ranks_.exchange(sends, receives);
    if (rank() == 1 && !receives.empty()) receives.front().data[0] ^= std::byte{1};
  }
  void barrier() override { ranks_.barrier(); }
  std::unique_ptr<Communicator> split(std::uint32_t color, std::uint32_t key) override {
    return ranks_.split(color, key);
  }

 private:
  Communicator& ranks_;
};

class RunRedistributionTest : public MpiSuite {
 protected:
  /// From all ranks, tensor parallel, to the same in the opposite order: every byte changes its rank.
  void prepare(testing::SmallModel const& model, RedistributePlanOptions const& options) {
    Topology const topology{ranks().size(), 1, 1};
    source_ = make_side(*model.recipe, topology);
    target_ = make_side(*model.recipe, topology);
    std::vector<std::uint32_t> numbers(ranks().size());
    std::iota(numbers.begin(), numbers.end(), 0U);
    ShardOffsets offsets;
    Bytes end = 0;
    for (std::uint32_t index = 0; index < source_.cut.layout.parameters.size(); ++index) {
      auto const& parameter = source_.parameter(index);
      auto const shape =
          shard_layout(parameter.partition, source_.tensor_of(index).shape, ranks().rank(), topology.tensor_parallel)
              .shape;
      offsets.emplace_back(end);
      end += round_up(volume(shape) * size_of(source_.dtype_of(index)), kShardAlignment);
    }
    std::map<std::uint32_t, ShardOffsets> sources;
    for (auto const number : numbers) sources.emplace(number, offsets);
    plan_ = make_redistribute_plan({.source = source_,
                                    .target = target_,
                                    .source_ranks = numbers,
                                    .target_ranks = {numbers.rbegin(), numbers.rend()},
                                    .ranks = ranks().size(),
                                    .rank = ranks().rank(),
                                    .node_of = {},
                                    .own_source = offsets,
                                    // All ranks have equal shards, hence equal offsets.
                                    .peer_sources = sources,
                                    .existing = {},
                                    .is_in_place = {},
                                    .options = options});
    from_ = std::make_shared<Arena>(Arena::with_releasable_pages(device_of_process(), end));
    from_->populate(0, end);
    to_ = std::make_shared<Arena>(Arena::with_releasable_pages(device_of_process(), plan_.arena_bytes));
    Kokkos::deep_copy(from_->bytes(0, from_->nbytes()), static_cast<std::byte>(ranks().rank() + 1));
  }

  void run(Communicator& messages, RedistributePlanOptions const& options) {
    PeerArenas const peers(mpi_->node(), ranks().rank(), std::span(&from_, 1));
    RunOptions run_options;
    run_options.peers = &peers;
    run_options.verify = options.verifies;
    run_options.frees_source = options.frees_source;
    run_options.target = &target_;
    run_redistribution(plan_, {std::span(&from_, 1), std::span(&to_, 1)}, ranks(), messages, run_options);
  }

  Side source_;
  Side target_;
  RedistributePlan plan_;
  std::shared_ptr<Arena> from_;
  std::shared_ptr<Arena> to_;
};

TEST_F(RunRedistributionTest, NoticesWhatArrivesChanged) {
  RedistributePlanOptions options;
  options.verifies = true;
  prepare(testing::small_llama(), options);
  ASSERT_TRUE(plan_.has_messages);
  FaultyCommunicator faulty(ranks());
  auto const sender = std::to_string(ranks().size() - 2);
  EXPECT_THAT(thrown_message<CorruptData>([&] { run(faulty, options); }),
              AllOf(HasSubstr("a part of "), HasSubstr(".weight that rank " + sender + " sent to rank 1"),
                    HasSubstr("arrived changed")));
  EXPECT_NO_THROW(run(ranks(), options));
}

TEST_F(RunRedistributionTest, NeedsNoMoreMemoryInPlaceThanOneModelAndStaging) {
  if (!kArenaOnHost) GTEST_SKIP() << "the kernel does not count the memory of a GPU";
  constexpr Bytes kSlack = 8 * kMiB;  // of MPI, and of tables
  auto const model = testing::small_llama(4096);
  for (bool const reads_from_peers : {true, false}) {
    if (reads_from_peers && !device_of_process().is_host()) continue;  // devices send messages
    reset_peak_resident();
    auto const before = peak_resident_bytes();
    if (!before) GTEST_SKIP() << "the kernel does not tell";
    RedistributePlanOptions options;
    options.frees_source = true;
    options.staging_bytes = 16 * kMiB;
    options.piece_bytes = 2 * kMiB;
    options.reads_from_peers = reads_from_peers;
    prepare(model, options);
    auto const shards = from_->nbytes();
    ASSERT_GT(shards, 2 * options.staging_bytes);
    run(ranks(), options);
    EXPECT_LE(*peak_resident_bytes() - *before, shards + options.staging_bytes + kSlack) << reads_from_peers;
    // What was filled came from the rank opposite.
    auto const filled = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), to_->bytes(0, kMiB));
    EXPECT_EQ(filled(0), static_cast<std::byte>(ranks().size() - ranks().rank()));
    from_.reset();
    to_.reset();
  }
}

}  // namespace
}  // namespace distload
