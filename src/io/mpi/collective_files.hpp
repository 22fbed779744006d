/// CollectiveFiles: the collective engine for files that are not HDF5, or not laid out by distload: MPI-IO on the
/// extents.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <distload/parallel/communicator.hpp>

#include "base/first_failure.hpp"
#include "io/engines/block_verifier.hpp"
#include "io/engines/engine.hpp"
#include "io/engines/read_order.hpp"
#include "io/mpi/mpi_file.hpp"

namespace distload {

/// Every rank reads its runs of a file in rounds, each one MPI_File_read_at_all of a derived type of neighbouring runs:
/// the ranks agree on how many rounds each file needs, and who has nothing left reads nothing. A file is opened when
/// the first rank wants it.
class CollectiveFiles final : public Engine {
 public:
  /// Catalog and ranks outlive the engine.
  CollectiveFiles(Catalog const& catalog, Communicator& ranks, Hints const& hints);

  std::string_view name() const noexcept override { return "collective"; }
  bool is_collective() const noexcept override { return true; }
  void read(std::span<ReadRequest const> requests, ReadOptions const& options) override;
  void close() override;

 private:
  bool open_on_all_ranks(std::uint32_t file, FirstFailure& failure);
  /// @param runs  of this rank, in this file; perhaps none
  void read_round(MpiFile& file, ReadOrder const& order, std::span<Run const> runs, ReadOptions const& options);

  Catalog const* catalog_;
  Communicator* ranks_;
  MpiInfo hints_;
  BlockVerifier verifier_;
  std::vector<std::optional<MpiFile>> files_;  ///< by the catalog's file number
};

}  // namespace distload
