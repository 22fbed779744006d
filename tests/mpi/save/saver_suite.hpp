/// SaverSuite: base of test fixtures that save a sample model, in every way.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <distload/save/saver.hpp>

#include "parallel/mpi_communicator.hpp"
#include "support/scratch_directory.hpp"

namespace distload {

/// The ways to save, but for layouts.
struct Way {
  char const* name;
  SourceFormat format;
  WriteEngine engine;
  bool is_async;
};

inline constexpr std::array<Way, 5> kWays{
    {{"hdf5, direct", SourceFormat::hdf5, WriteEngine::direct, false},
     {"hdf5, collective", SourceFormat::hdf5, WriteEngine::collective, false},
     {"hdf5, async", SourceFormat::hdf5, WriteEngine::automatic, true},
     {"safetensors", SourceFormat::safetensors, WriteEngine::automatic, false},
     {"safetensors, async", SourceFormat::safetensors, WriteEngine::direct, true}}};

/// As a caller brings them who has made them.
inline std::vector<CarriedFile> files_in_memory() {
  std::vector<CarriedFile> files(2);
  files[0].name = "vocab.txt";
  files[0].content = std::make_shared<std::vector<std::byte> const>(5000);
  files[1].name = "1_Pooling/config.json";
  files[1].content = std::make_shared<std::vector<std::byte> const>(2);
  return files;
}

class SaverSuite : public testing::Test {
 protected:
  std::vector<Topology> topologies() const {
    auto const n = ranks_->size();
    std::vector<Topology> all{{n, 1, 1}, {1, n, 1}, {1, 1, n}};
    if (n == 4) all.insert(all.end(), {{2, 2, 1}, {2, 1, 2}, {1, 2, 2}});
    return all;
  }

  std::string save(ShardedModel const& model, SaveOptions options, std::uint64_t step) {
    options.directory = directory_.path();
    options.overwrite = true;
    auto metadata = model.metadata();
    metadata.step = step;
    auto path = Saver(options).save(model, metadata, *ranks_).path;
    ranks_->barrier();
    return path;
  }

  std::string save_by(Way const& way, ShardedModel const& model, std::uint64_t step) {
    SaveOptions options;
    options.directory = directory_.path();
    options.format = way.format;
    options.engine = way.engine;
    options.verify = VerifyAfterWrite::full;
    options.overwrite = true;
    auto metadata = model.metadata();
    metadata.step = step;
    metadata.files = files_in_memory();
    Saver saver(options);
    if (!way.is_async) return saver.save(model, metadata, *ranks_).path;
    saver.save_async(model, metadata, *ranks_);
    return saver.wait().value().path;
  }

  std::unique_ptr<MpiCommunicator> ranks_ = MpiCommunicator::duplicate(MPI_COMM_WORLD, {});
  ScratchDirectory directory_{*ranks_};
};

}  // namespace distload
