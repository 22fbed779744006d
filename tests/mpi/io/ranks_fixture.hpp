/// What the tests of collective engines share: a communicator, a path that all ranks know, memory for what a rank
/// wants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <mpi.h>

#include <distload/checkpoint/catalog.hpp>

#include "io/engines/engine.hpp"
#include "parallel/mpi_communicator.hpp"
#include "unit/io/raw_checkpoint.hpp"

namespace distload::testing {

class RanksTest : public ::testing::Test {
 protected:
  std::unique_ptr<MpiCommunicator> world_ = MpiCommunicator::duplicate(MPI_COMM_WORLD, {});
  std::string path_ = common_path();

  /// Collective: rank 0 runs `f` and the others wait for it.
  template <class F>
  void on_rank_0(F const& f) {
    if (world_->rank() == 0) f();
    world_->barrier();
  }

 private:
  std::string common_path() {
    auto const own = fresh_directory().string();
    auto const* const begin = reinterpret_cast<std::byte const*>(own.data());
    auto const bytes = broadcast_message(*world_, {begin, begin + own.size()}, 0);
    return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
  }
};

/// Memory for whole extents, and the requests that fill it.
struct Wanted {
  std::vector<std::uint32_t> extents;
  std::vector<std::vector<std::byte>> memory;
  std::vector<ReadRequest> requests;

  void add(Catalog const& catalog, std::uint32_t extent) {
    extents.push_back(extent);
    auto& bytes = memory.emplace_back(catalog.extents[extent].nbytes);
    requests.push_back({extent, 0, bytes.size(), bytes.data()});
  }

  /// `source.bytes_of(extent)` is what must have been read.
  template <class Source>
  void expect_equal(Source const& source) const {
    for (std::size_t i = 0; i < extents.size(); ++i)
      EXPECT_TRUE(memory[i] == source.bytes_of(extents[i])) << "extent " << extents[i];
  }
};

}  // namespace distload::testing
