/// CollectiveSaveEngine: parallel HDF5; all ranks open the file together and write their hyperslabs.
#pragma once

#include <memory>

#include <mpi.h>

#include <distload/checkpoint/catalog.hpp>

#include "save/engines/save_engine.hpp"

namespace distload {

namespace hdf5 {
class SharedFile;
}

/// For HDF5 files, through MPI-IO and its hints. HDF5 is not thread-safe: one thread must make all calls.
class CollectiveSaveEngine final : public SaveEngine {
 public:
  /// Collective over `ranks`. The catalog must outlive the engine.
  /// @throws IoError  HDF5 or the system refuses.
  CollectiveSaveEngine(Catalog const& catalog, MPI_Comm ranks);
  ~CollectiveSaveEngine() override;
  CollectiveSaveEngine(CollectiveSaveEngine const&) = delete;
  CollectiveSaveEngine& operator=(CollectiveSaveEngine const&) = delete;

  std::string_view name() const noexcept override { return "collective"; }
  void write(std::uint32_t extent, Bytes begin_bytes, std::span<std::byte const> bytes) override;
  OutputFile const& file_of(std::uint32_t /*extent*/) override { return file_; }
  /// If one rank cannot write HDF5's own structures, the close never returns on any rank: that rank then removes the
  /// file and ends the job, with its message and the exit code for I/O.
  void close() override;
  void sync() override { file_.sync(); }

 private:
  Catalog const* catalog_;
  OutputFile file_;  ///< opened before anything is written, so that its `sync` reports every failure
  std::unique_ptr<hdf5::SharedFile> shared_;
};

}  // namespace distload
