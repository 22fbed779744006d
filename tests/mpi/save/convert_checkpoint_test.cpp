/// Checkpoints converted between all formats and layouts, with little memory.
#include "save/stream/convert_checkpoint.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <distload/base/error.hpp>
#include <distload/checkpoint/checkpoint.hpp>
#include <distload/parallel/mpi_environment.hpp>
#include <distload/save/saver.hpp>

#include "checkpoint/catalog_message.hpp"
#include "expect_sample_content.hpp"
#include "injected_fault.hpp"
#include "save/checkpoint_writer.hpp"
#include "save/safetensors_writer.hpp"
#include "support/mpi_suite.hpp"
#include "support/sample_tensors.hpp"
#include "support/scratch_directory.hpp"
#include "support/tiny_llama.hpp"

namespace distload {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// The least that a conversion can do with: thousands of bands for a tensor of megabytes.
constexpr Bytes kLeastStaging = 1;

class ConvertCheckpointTest : public MpiSuite {
 protected:
  /// Collective.
  std::unique_ptr<ExtentWriter> writer(std::string const& path, CheckpointMetadata const& metadata,
                                       std::span<TensorSpec const> tensors, std::uint32_t tensor_parallel) {
    if (path.ends_with(".h5")) {
      SaveOptions const options{.tensor_parallel = tensor_parallel, .overwrite = true};
      return std::make_unique<CheckpointWriter>(path, metadata, tensors, options, ranks());
    }
    SaveOptions const options{.verify = VerifyAfterWrite::full, .overwrite = true, .shard_size = 4 * kMiB};
    return std::make_unique<SafetensorsWriter>(path, metadata, tensors, options, ranks());
  }

  /// Collective: a checkpoint of the sample tensors, with what a family's rules would say of them.
  OpenedCheckpoint sample(std::string const& path, std::uint32_t tensor_parallel) {
    auto const made = writer(path, {}, sample_tensors(), tensor_parallel);
    auto const& catalog = made->catalog();
    for (std::uint32_t i = 0; i < catalog.extents.size(); ++i) {
      if (i % ranks().size() != ranks().rank()) continue;
      made->write(i, 0, sample_bytes(catalog.tensors[catalog.extents[i].tensor], catalog.extents[i].box));
    }
    made->commit();
    ranks().barrier();
    return open(path);
  }

  OpenedCheckpoint open(std::string const& path) {
    OpenedCheckpoint opened{open_checkpoint(path, std::nullopt), {}};
    auto const specs = sample_tensors();
    for (std::uint32_t i = 0; i < opened.catalog.tensors.size(); ++i) {
      auto const spec = std::ranges::find(specs, opened.catalog.tensors[i].name, &TensorSpec::name);
      opened.layout.parameters.push_back({i, spec->partition, {0}, "rule"});
    }
    return opened;
  }

  /// Collective.
  ConvertResult convert(OpenedCheckpoint const& from, std::string const& path, std::uint32_t tensor_parallel,
                        ConvertOptions const& options) {
    auto const made = writer(path, from.catalog.metadata, converted_tensors(from, options.dtype), tensor_parallel);
    auto const result = convert_checkpoint(from, *made, options, ranks());
    made->commit();
    ranks().barrier();
    return result;
  }

  Bytes summed(Bytes own) {
    std::vector<std::uint64_t> sum{own};
    ranks().all_reduce(std::span<std::uint64_t>(sum), Reduction::sum);
    return sum.front();
  }

  ScratchDirectory directory_{ranks()};
};

TEST_F(ConvertCheckpointTest, GoesFromEveryFormatAndLayoutToEveryOther) {
  struct Side {
    std::string name;
    std::uint32_t tensor_parallel;
  };
  std::vector<Side> const sides{{"safetensors", 1}, {"one.h5", 1}, {"three.h5", 3}, {"four.h5", 4}, {"eight.h5", 8}};
  for (auto const& from : sides) {
    auto const source = sample(directory_.file(from.name), from.tensor_parallel);
    for (auto const& to : sides) {
      auto const path = directory_.file("converted-" + to.name);
      Bytes told = 0;
      ConvertOptions options;
      options.staging_bytes = 256 * kKiB;
      options.on_progress = [&](Bytes bytes) { told += bytes; };
      auto const result = convert(source, path, to.tensor_parallel, options);
      EXPECT_EQ(told, result.read_bytes);
      EXPECT_EQ(summed(result.read_bytes), source.catalog.nbytes());
      EXPECT_EQ(result.overflows, 0U);
      auto const catalog = open_checkpoint(path, std::nullopt);
      EXPECT_EQ(catalog.tensors.size(), sample_tensors().size());
      expect_sample_content(catalog);
      ranks().barrier();
    }
  }
}

TEST_F(ConvertCheckpointTest, NeedsNoMoreThanAFewPages) {
  auto const source = sample(directory_.file("source.h5"), 4);
  for (auto const engine : {ReadEngine::buffered, ReadEngine::direct}) {
    ConvertOptions options;
    options.staging_bytes = kLeastStaging;
    options.engine = engine;
    convert(source, directory_.file("converted.h5"), 3, options);
    expect_sample_content(open_checkpoint(directory_.file("converted.h5"), std::nullopt));
    ranks().barrier();
  }
}

TEST_F(ConvertCheckpointTest, ReadsInOrderWithWhateverEngineIsConfigured) {
  auto const source = sample(directory_.file("source.h5"), 4);
  for (auto const engine : {ReadEngine::mmap, ReadEngine::collective}) {
    ConvertOptions options;
    options.engine = engine;
    auto const result = convert(source, directory_.file("converted.h5"), 1, options);
    EXPECT_EQ(result.engine.name, ReadEngine::buffered);
    EXPECT_THAT(result.engine.reason, HasSubstr(std::string(word_of(engine)) + " does not read in order"));
  }
}

TEST_F(ConvertCheckpointTest, FindsDamage) {
  auto source = sample(directory_.file("source.h5"), 4);
  auto const& tensor = *source.catalog.find("large");
  auto const& extent = source.catalog.extents_of(tensor).front();
  if (ranks().rank() == 0) {
    std::fstream file(source.catalog.files.front().path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(extent.offset_bytes + kBlockBytes - 1));
    file.put('\x55');
  }
  ranks().barrier();
  for (auto const staging : {kLeastStaging, 64 * kMiB}) {
    ConvertOptions options;
    options.staging_bytes = staging;
    try {
      convert(source, directory_.file("converted.h5"), 1, options);
      ADD_FAILURE() << "was converted";
    } catch (CorruptData const& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr("damaged data: tensor 'large' in "), HasSubstr("XXH3-64 is ")));
    }
    ranks().barrier();
    EXPECT_FALSE(std::filesystem::exists(directory_.file("converted.h5")));
    options.verify = false;
    EXPECT_NO_THROW(convert(source, directory_.file("unverified.h5"), 1, options));
  }
}

TEST_F(ConvertCheckpointTest, FailsOnAllRanks) {
  auto const source = sample(directory_.file("source.h5"), 4);
  for (std::string const phase : {"open", "stream_plan", "stream_allocate", "stream", "read", "verify"}) {
    {
      InjectedFault const fault(phase, ranks().size() - 1, ranks().rank());
      EXPECT_THROW(convert(source, directory_.file("converted.h5"), 1, {}), IoError) << phase;
    }
    ranks().barrier();
    EXPECT_FALSE(std::filesystem::exists(directory_.file("converted.h5"))) << phase;
  }
}

TEST_F(ConvertCheckpointTest, RefusesToTranspose) {
  OpenedCheckpoint checkpoint;
  checkpoint.catalog.tensors.push_back({"weight", DType::f32, {2, 3}, 0, 0, "", -1});
  checkpoint.layout.parameters.emplace_back().transposed = true;
  EXPECT_THROW(converted_tensors(checkpoint, std::nullopt), ConfigError);
}

/// What a model that was loaded and saved leaves, against what is converted.
class ConvertLlama : public ConvertCheckpointTest {
 protected:
  void SetUp() override {
    if (ranks().rank() == 0) {
      std::filesystem::create_directories(source_);
      testing::write_tiny_llama(source_);
    }
    ranks().barrier();
  }

  static std::string content(std::string const& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  /// All that readers see of two checkpoints. (HDF5 keeps besides when a dataset was made.)
  static void expect_equal(Catalog converted, Catalog const& expected) {
    ASSERT_EQ(converted.files.size(), expected.files.size());
    for (std::size_t i = 0; i < converted.files.size(); ++i) {
      auto const bytes = content(converted.files[i].path);
      auto const expected_bytes = content(expected.files[i].path);
      ASSERT_EQ(bytes.size(), expected_bytes.size());
      for (auto const& extent : expected.extents) {
        if (extent.file != i) continue;
        EXPECT_EQ(bytes.compare(extent.offset_bytes, extent.nbytes, expected_bytes, extent.offset_bytes, extent.nbytes),
                  0)
            << expected.tensors[extent.tensor].name;
      }
    }
    converted.path = expected.path;
    converted.files = expected.files;
    converted.warnings = expected.warnings;  // which name the path, too
    EXPECT_TRUE(serialize(converted) == serialize(expected));
  }

  /// Collective: loads and saves, and converts, as `config` says; expects the same checkpoints.
  void expect_same(Config config, std::optional<DType> dtype) {
    config.checkpoint.path = source_;
    ProcessGrid const grid(ranks(), mpi_->node(), {1, 1, ranks().size()});
    Loader loader(grid, config);
    auto const opened = loader.open();
    auto const [model, times, engine] = loader.load(opened, loader.plan(opened));
    auto metadata = model.metadata();
    for (std::string const name : {"model-step-0.h5", "model-step-0"}) {
      SaveOptions saving;
      saving.directory = directory_.file("saved");
      saving.tensor_parallel = 2;
      saving.format = name.ends_with(".h5") ? SourceFormat::hdf5 : SourceFormat::safetensors;
      saving.shard_size = 4 * kMiB;
      saving.overwrite = true;
      auto const saved = Saver(saving).save(model, metadata, ranks()).path;
      auto const expected = open_checkpoint(saved, std::nullopt);
      metadata.created = expected.metadata.created;  // which the saver sets
      ConvertOptions options;
      options.staging_bytes = 64 * kKiB;
      options.dtype = dtype;
      auto const made = writer(directory_.file("converted/" + name), metadata, converted_tensors(opened, dtype), 2);
      auto const result = convert_checkpoint(opened, *made, options, ranks());
      made->commit();
      ranks().barrier();
      EXPECT_EQ(result.overflows * ranks().size(), times.overflows);  // every rank has loaded the whole model
      expect_equal(open_checkpoint(directory_.file("converted/" + name), std::nullopt), expected);
      ranks().barrier();
    }
  }

  std::string source_ = directory_.file("llama");
};

TEST_F(ConvertLlama, AsItIs) { expect_same({}, std::nullopt); }

TEST_F(ConvertLlama, Cast) {
  Config config;
  config.load.dtype = DType::bf16;
  expect_same(config, DType::bf16);
  config.load.dtype = DType::f16;  // which has no room for some of the numbers
  expect_same(config, DType::f16);
}

TEST_F(ConvertLlama, CastButForWhatItsRuleKeeps) {
  Config config;
  config.model.rules = directory_.file("rules.yaml");  // not among the files that go along with the model
  if (ranks().rank() == 0) {
    std::ofstream(config.model.rules)
        << "extends: llama\nrules:\n"
           "  - {match: \"model.layers.{layer}.mlp.gate_proj.weight\", partition: column_parallel, keep_dtype: true}\n";
  }
  ranks().barrier();
  config.load.dtype = DType::bf16;
  expect_same(config, DType::bf16);
  auto const dtype_of = [&](char const* name) {
    return open_checkpoint(directory_.file("converted/model-step-0"), std::nullopt).find(name)->dtype;
  };
  EXPECT_EQ(dtype_of("model.layers.2.mlp.gate_proj.weight"), DType::f32);
  EXPECT_EQ(dtype_of("model.layers.2.mlp.up_proj.weight"), DType::bf16);
  config.model.fuse = {"gate_up"};
  expect_same(config, DType::bf16);
  EXPECT_EQ(dtype_of("model.layers.2.mlp.gate_up_proj.weight"), DType::f32);
}

TEST_F(ConvertLlama, Fused) {
  Config config;
  config.model.fuse = {"qkv", "gate_up"};
  expect_same(config, std::nullopt);
  config.load.dtype = DType::bf16;
  expect_same(config, DType::bf16);
}

}  // namespace
}  // namespace distload
