/// CollectiveHdf5: the collective engine for HDF5 files; reads hyperslabs by H5Dread through parallel HDF5.
#pragma once

#include <cstdint>
#include <memory>

#include <distload/parallel/communicator.hpp>

#include "checkpoint/hdf5/handle.hpp"
#include "io/engines/block_verifier.hpp"
#include "io/engines/engine.hpp"
#include "io/engines/hints.hpp"
#include "io/mpi/hyperslab_pieces.hpp"
#include "io/mpi/shared_input.hpp"

namespace distload {

/// Every rank reads its boxes of a dataset in rounds. The ranks agree on the number of rounds per dataset, so that all
/// call H5Dread equally often; a rank without further boxes selects nothing. Parallel HDF5 is not thread-safe: for the
/// main thread only.
class CollectiveHdf5 final : public Engine {
 public:
  /// Collective: opens the file; null if its datasets cannot be found by tensor names (a file of another program with
  /// nested groups). Catalog and ranks must outlive the engine.
  /// @throws IoError, CorruptData  the file cannot be opened; the same on all ranks.
  static std::unique_ptr<CollectiveHdf5> open(Catalog const& catalog, Communicator& ranks, Hints const& hints);

  std::string_view name() const noexcept override { return "collective"; }
  bool is_collective() const noexcept override { return true; }
  void read(std::span<ReadRequest const> requests, ReadOptions const& options) override;
  void close() override;

 private:
  CollectiveHdf5(Catalog const& catalog, Communicator& ranks, SharedInput file, hdf5::Group tensors);

  hdf5::Dataset open_dataset(TensorInfo const& tensor) const;
  void read_piece(hdf5::DatasetView dataset, HyperslabPiece const* piece);

  Catalog const* catalog_;
  Communicator* ranks_;
  SharedInput file_;
  hdf5::Group tensors_;  ///< the group of the datasets
  hdf5::PropertyList transfer_;
  BlockVerifier verifier_;
  bool warned_ = false;
};

}  // namespace distload
