// Converts ranges of extents to hyperslabs.
#include "save/engines/collective_save_engine.hpp"

#include <filesystem>
#include <string>
#include <system_error>

#include <distload/base/error.hpp>

#include "checkpoint/hdf5/shared_file.hpp"
#include "parallel/liveness/job_end.hpp"
#include "save/commit/file_space.hpp"

namespace distload {

CollectiveSaveEngine::CollectiveSaveEngine(Catalog const& catalog, MPI_Comm ranks)
    : catalog_(&catalog),
      file_(OutputFile::open(catalog.path)),
      shared_(std::make_unique<hdf5::SharedFile>(catalog.path, ranks)) {}

CollectiveSaveEngine::~CollectiveSaveEngine() = default;

void CollectiveSaveEngine::write(std::uint32_t extent_number, Bytes begin_bytes, std::span<std::byte const> bytes) {
  auto const& extent = catalog_->extents[extent_number];
  auto const& tensor = catalog_->tensors[extent.tensor];
  auto const element_bytes = size_of(tensor.dtype);
  auto const* source = bytes.data();
  for (auto box :
       boxes_of_range(extent.box.extent, begin_bytes / element_bytes, (begin_bytes + bytes.size()) / element_bytes)) {
    for (std::size_t axis = 0; axis < box.offset.size(); ++axis) box.offset[axis] += extent.box.offset[axis];
    try {
      shared_->write(tensor, box, source);
    } catch (IoError const& error) {
      // MPI-IO does not report whether the storage is full or the file too large.
      throw IoError(std::string(error.what()) + "; " + describe_space(catalog_->path));
    }
    source += volume(box) * element_bytes;
  }
  file_.start_writeback(extent.offset_bytes + begin_bytes, bytes.size());
}

void CollectiveSaveEngine::close() {
  shared_->close([this](std::string const& why) {
    std::error_code ignored;
    std::filesystem::remove(catalog_->path, ignored);
    print_error_and_abort(why, static_cast<int>(ExitCode::io));
  });
}

}  // namespace distload
