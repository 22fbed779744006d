/// CollectiveFiles: the collective engine for files that are not HDF5 or not written by distload: MPI-IO on byte
/// ranges.
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

/// Every rank reads its runs of a file in rounds, each one MPI_File_read_at_all with a derived type of neighbouring
/// runs. The ranks agree on the number of rounds per file; a rank without further runs reads nothing. A file is opened
/// when the first rank needs it.
class CollectiveFiles final : public Engine {
 public:
  /// Catalog and ranks must outlive the engine.
  CollectiveFiles(Catalog const& catalog, Communicator& ranks, Hints const& hints);

  std::string_view name() const noexcept override { return "collective"; }
  bool is_collective() const noexcept override { return true; }
  void read(std::span<ReadRequest const> requests, ReadOptions const& options) override;
  void close() override;

 private:
  bool open_on_all_ranks(std::uint32_t file, FirstFailure& failure);
  /// @param runs  of this rank in this file; may be empty
  void read_round(MpiFile& file, ReadOrder const& order, std::span<Run const> runs, ReadOptions const& options);

  Catalog const* catalog_;
  Communicator* ranks_;
  MpiInfo hints_;
  BlockVerifier verifier_;
  std::vector<std::optional<MpiFile>> files_;  ///< by file number in the catalog
};

}  // namespace distload
