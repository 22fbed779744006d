/// Models saved from every topology in every layout.
#include <distload/save/saver.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <distload/base/error.hpp>
#include <distload/tensor/strided_copy.hpp>

#include "base/fault.hpp"
#include "checkpoint/hdf5/read_catalog.hpp"
#include "checkpoint/safetensors/directory.hpp"
#include "load/arena.hpp"
#include "parallel/mpi_communicator.hpp"
#include "sample_tensors.hpp"
#include "scratch_directory.hpp"

namespace distload {
namespace {

using testing::HasSubstr;

constexpr auto kPadding = std::byte{0xEE};

/// The sample tensors that `ranks` ranks can cut, and one whose few units several ranks share.
std::vector<TensorSpec> tensors_for(std::uint32_t ranks) {
  auto specs = sample_tensors();
  std::erase_if(specs, [](TensorSpec const& spec) { return spec.name == "uneven"; });
  if (ranks != 3) {
    Section const query{512, 64, false};
    Section const key{128, 64, true};
    specs.push_back({"attention", DType::f32, {768, 100}, {PartitionKind::column_parallel, 0, {query, key, key}}});
  }
  return specs;
}

/// Tensors of odd length lie on the last stage only, those of even length on the first, "norm" on all.
std::vector<std::uint32_t> stages_of(std::string const& name, std::uint32_t stages) {
  if (name != "norm") return {name.size() % 2 == 0 ? 0U : stages - 1U};
  std::vector<std::uint32_t> all;
  for (std::uint32_t stage = 0; stage < stages; ++stage) all.push_back(stage);
  return all;
}

/// What `rank` holds, with the content that the tensors should have and padding that no file should.
ShardedModel make_model(Topology const& topology, std::uint32_t rank) {
  auto const at = coordinates_of(topology, rank);
  std::vector<Shard> shards;
  Bytes end = 0;
  for (auto const& spec : tensors_for(topology.tensor_parallel)) {
    auto const stages = stages_of(spec.name, topology.pipeline_parallel);
    if (std::ranges::find(stages, at.pipeline) == stages.end()) continue;
    auto layout = shard_layout(spec.partition, spec.shape, at.tensor, topology.tensor_parallel);
    auto const nbytes = volume(layout.shape) * size_of(spec.dtype);
    shards.push_back({spec.name, spec.dtype, layout.shape, spec.shape, spec.partition, layout, stages, end, nbytes});
    end = round_up(end + nbytes, 256);
  }
  Arena arena(std::max<Bytes>(end, 256));
  for (auto const& shard : shards) {
    std::vector<std::byte> bytes(shard.nbytes, kPadding);
    TensorInfo tensor;
    tensor.name = shard.name;
    tensor.dtype = shard.dtype;
    tensor.shape = shard.global_shape;
    for (auto const& piece : shard.layout.pieces) {
      auto const content = sample_bytes(tensor, piece.global);
      auto const copy =
          make_strided_copy({piece.global.extent, Dims::filled(tensor.shape.size(), 0), 0},
                            {shard.shape, piece.local_offset, 0}, piece.global.extent, size_of(shard.dtype));
      copy_on_host(copy, content.data(), bytes.data());
    }
    Kokkos::View<std::byte const*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>> const host(bytes.data(),
                                                                                                          bytes.size());
    Kokkos::deep_copy(arena.bytes(shard.offset_bytes, shard.nbytes), host);
  }
  CheckpointMetadata metadata;
  metadata.model_name = "sample";
  metadata.config_json = "{}";
  return {metadata, topology, std::move(shards), {{"alias", "norm"}}, std::move(arena)};
}

class SaverTest : public testing::Test {
 protected:
  std::vector<Topology> topologies() const {
    auto const n = ranks_->size();
    std::vector<Topology> all{{n, 1, 1}, {1, n, 1}, {1, 1, n}};
    if (n == 4) all.insert(all.end(), {{2, 2, 1}, {2, 1, 2}, {1, 2, 2}});
    return all;
  }

  std::string save(ShardedModel const& model, SaveOptions options, std::uint64_t step) {
    options.directory = directory_.path();
    auto metadata = model.metadata();
    metadata.step = step;
    auto path = Saver(options).save(model, metadata, *ranks_);
    ranks_->barrier();
    return path;
  }

  std::unique_ptr<MpiCommunicator> ranks_ = MpiCommunicator::duplicate(MPI_COMM_WORLD, {});
  ScratchDirectory directory_{*ranks_};
};

TEST_F(SaverTest, WritesTheWholeModelFromEveryTopologyInEveryLayout) {
  for (auto const& topology : topologies()) {
    auto const model = make_model(topology, ranks_->rank());
    for (std::uint32_t const tensor_parallel : {1U, 3U, 4U}) {
      auto const path = save(model, {.directory = {}, .tensor_parallel = tensor_parallel}, 5);
      EXPECT_EQ(path, directory_.file("model-step-5.h5"));
      auto const catalog = read_hdf5_catalog(path);
      EXPECT_TRUE(catalog.warnings.empty());
      EXPECT_EQ(catalog.tensors.size(), tensors_for(topology.tensor_parallel).size());
      EXPECT_EQ(catalog.metadata.tensor_parallel, tensor_parallel);
      EXPECT_EQ(catalog.metadata.config_json, "{}");
      expect_sample_content(catalog);
      ranks_->barrier();
    }
  }
}

TEST_F(SaverTest, WritesInManyWavesWhatStagingCannotHold) {
  auto const topology = topologies()[0];
  auto const model = make_model(topology, ranks_->rank());
  auto const path = save(model, {.directory = {}, .tensor_parallel = 3, .staging = 1}, 5);
  expect_sample_content(read_hdf5_catalog(path));
}

TEST_F(SaverTest, UsesTheModelsLayoutUnlessToldOtherwise) {
  auto const model = make_model({1, 1, ranks_->size()}, ranks_->rank());
  EXPECT_EQ(read_hdf5_catalog(save(model, {}, 1)).metadata.tensor_parallel, 1U);
}

/// Makes one rank fail in one phase for as long as it lives.
class InjectedFault {
 public:
  InjectedFault(std::string const& phase, std::uint32_t victim, std::uint32_t rank) : rank_(rank) {
    ::setenv("DISTLOAD_FAULT", (phase + ":" + std::to_string(victim)).c_str(), 1);
    set_fault_rank(rank);
  }
  ~InjectedFault() {
    ::unsetenv("DISTLOAD_FAULT");
    set_fault_rank(rank_);
  }
  InjectedFault(InjectedFault const&) = delete;
  InjectedFault& operator=(InjectedFault const&) = delete;

 private:
  std::uint32_t rank_;
};

TEST_F(SaverTest, WritesAHuggingFaceDirectoryFromEveryTopology) {
  SaveOptions options;
  options.format = SourceFormat::safetensors;
  for (auto const& topology : topologies()) {
    auto const model = make_model(topology, ranks_->rank());
    // All in one file; several; and less than most tensors have.
    for (Bytes const shard_size : {Bytes{kGiB}, Bytes{kMiB}, Bytes{1}}) {
      options.shard_size = shard_size;
      options.staging = shard_size == 1 ? 1 : 64 * kMiB;
      auto const path = save(model, options, 5);
      EXPECT_EQ(path, directory_.file("model-step-5"));
      auto const catalog = read_safetensors_catalog(path);
      EXPECT_EQ(catalog.tensors.size(), tensors_for(topology.tensor_parallel).size());
      EXPECT_EQ(catalog.metadata.config_json, "{}");
      EXPECT_EQ(catalog.files.size() == 1, shard_size == kGiB);
      if (shard_size == 1) {
        EXPECT_EQ(catalog.files.size(), catalog.tensors.size());
      }
      expect_sample_content(catalog);
      ranks_->barrier();
    }
  }
}

TEST_F(SaverTest, RefusesNamesThatSafetensorsCannotStoreBeforeTheLoad) {
  SaveOptions options;
  options.directory = directory_.path();
  Catalog catalog;
  catalog.tensors.push_back({"__metadata__", DType::f32, {4}, 0, 1, "", -1});
  ModelLayout layout;
  layout.parameters.emplace_back();
  EXPECT_NO_THROW(Saver(options).check(catalog, layout));
  options.format = SourceFormat::safetensors;
  EXPECT_THROW(Saver(options).check(catalog, layout), ConfigError);
}

TEST_F(SaverTest, FailsOnAllRanksAndLeavesWhatWasThere) {
  auto const model = make_model({ranks_->size(), 1, 1}, ranks_->rank());
  for (auto const format : {SourceFormat::hdf5, SourceFormat::safetensors}) {
    auto const is_hdf5 = format == SourceFormat::hdf5;
    std::vector<std::string> phases{"save_gather", "save_create", "save_plan",   "save_allocate", "save_pack",
                                    "save_write",  "save_close",  "save_commit", "save_sync",     "save_publish"};
    if (is_hdf5) phases.emplace_back("save_open");
    SaveOptions options;
    options.format = format;
    auto const path = save(model, options, 5);
    auto const expect_content = [&] {
      expect_sample_content(is_hdf5 ? read_hdf5_catalog(path) : read_safetensors_catalog(path));
    };
    for (auto const& phase : phases) {
      {
        InjectedFault const fault(phase, ranks_->size() - 1, ranks_->rank());
        EXPECT_THROW(save(model, options, 5), IoError) << phase;
        EXPECT_THROW(save(model, options, 6), IoError) << phase;
      }
      ranks_->barrier();
      expect_content();
      auto const entries =
          std::distance(std::filesystem::directory_iterator(directory_.path()), std::filesystem::directory_iterator());
      EXPECT_EQ(entries, is_hdf5 ? 1 : 2) << phase;
      ranks_->barrier();
    }
    EXPECT_EQ(save(model, options, 5), path);
    expect_content();
    ranks_->barrier();
  }
}

TEST_F(SaverTest, KeepsTheNewest) {
  auto const model = make_model({1, 1, ranks_->size()}, ranks_->rank());
  SaveOptions safetensors;
  safetensors.format = SourceFormat::safetensors;
  for (std::uint64_t const step : {3U, 8U, 12U}) save(model, {}, step);
  for (std::uint64_t const step : {2U, 8U}) save(model, safetensors, step);
  if (ranks_->rank() == 0) {
    std::ofstream(directory_.file("model-step-10.h5")) << "no checkpoint";
    std::ofstream(directory_.file("model-step-9.h5.partial")) << "left by a crash";
    std::ofstream(directory_.file("model-step-99.h5.partial")) << "perhaps being written";
    for (auto const* const name : {"model-step-9", "model-step-9.partial", "model-step-99.partial"}) {
      std::filesystem::create_directory(directory_.file(name));
      std::ofstream(directory_.file(name) + "/model.safetensors") << "no checkpoint";
    }
  }
  ranks_->barrier();
  SaveOptions options;
  options.keep = 2;
  save(model, options, 11);
  auto const exists = [this](std::string const& name) { return std::filesystem::exists(directory_.file(name)); };
  EXPECT_FALSE(exists("model-step-2"));
  EXPECT_FALSE(exists("model-step-3.h5"));
  EXPECT_TRUE(exists("model-step-8.h5"));
  EXPECT_TRUE(exists("model-step-8"));
  EXPECT_TRUE(exists("model-step-9"));
  EXPECT_TRUE(exists("model-step-10.h5"));
  EXPECT_TRUE(exists("model-step-11.h5"));
  EXPECT_TRUE(exists("model-step-12.h5"));
  EXPECT_FALSE(exists("model-step-9.h5.partial"));
  EXPECT_FALSE(exists("model-step-9.partial"));
  EXPECT_TRUE(exists("model-step-99.h5.partial"));
  EXPECT_TRUE(exists("model-step-99.partial"));
  ranks_->barrier();
}

}  // namespace
}  // namespace distload
