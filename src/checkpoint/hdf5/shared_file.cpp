// Writes boxes in parallel.
#include "checkpoint/hdf5/shared_file.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "checkpoint/hdf5/dataset.hpp"
#include "checkpoint/hdf5/dataspace.hpp"
#include "checkpoint/hdf5/file.hpp"
#include "checkpoint/hdf5/format.hpp"
#include "checkpoint/hdf5/group.hpp"
#include "checkpoint/hdf5/property_list.hpp"

namespace distload::hdf5 {
namespace {

// The byte counts of MPI-IO are ints.
constexpr Bytes kMaxTransferBytes = kGiB;

/// While an object lives, an MPI-IO failure on a file calls the failure handler. At most one object exists: HDF5 is
/// used by one thread only.
class WatchedClose {
 public:
  WatchedClose(FileView file, std::string const& path, SharedFile::LastResort const& failure_ranks)
      : path_(&path), failure_ranks_(&failure_ranks) {
    void* handle = nullptr;
    DISTLOAD_HDF5(path, H5Fget_vfd_handle(file.id(), H5P_DEFAULT, &handle));
    active_ = this;
    MPI_Errhandler handler = MPI_ERRHANDLER_NULL;
    // Without the error handler, the watchdog ends a job that hangs.
    if (MPI_File_create_errhandler(&WatchedClose::on_error, &handler) != MPI_SUCCESS) return;
    MPI_File_set_errhandler(*static_cast<MPI_File*>(handle), handler);
    MPI_Errhandler_free(&handler);  // the file keeps a reference
  }
  ~WatchedClose() { active_ = nullptr; }
  WatchedClose(WatchedClose const&) = delete;
  WatchedClose& operator=(WatchedClose const&) = delete;

 private:
  // The signature that MPI declares.
  static void on_error(MPI_File* /*file*/, int* code, ...) {  // NOLINT(cert-dcl50-cpp)
    if (active_ == nullptr) return;
    std::array<char, MPI_MAX_ERROR_STRING> text{};
    int length = 0;
    MPI_Error_string(*code, text.data(), &length);
    (*active_->failure_ranks_)("cannot write " + *active_->path_ +
                               " while it is closed: " + std::string(text.data(), static_cast<std::size_t>(length)));
  }

  static inline WatchedClose* active_ = nullptr;
  std::string const* path_;
  SharedFile::LastResort const* failure_ranks_;
};

}  // namespace

SharedFile::SharedFile(std::string path, MPI_Comm ranks)
    : path_(std::move(path)),
      file_(open_file(path_, Access::write, shared_access(ranks, MPI_INFO_NULL).view())),
      tensors_(open_group(root_of(file_.view()).view(), kTensors)) {}

SharedFile::~SharedFile() { file_.release(); }

SharedFile::OpenTensor& SharedFile::open(TensorInfo const& tensor) {
  if (!last_ || last_->name != tensor.name) {
    auto dataset = open_dataset(tensors_.view(), tensor.name);
    auto type = type_of(dataset.view());
    auto space = space_of(dataset.view());
    last_ = OpenTensor{tensor.name, std::move(dataset), std::move(type), std::move(space)};
  }
  return *last_;
}

void SharedFile::write(TensorInfo const& tensor, Box const& box, std::byte const* bytes) {
  auto& opened = open(tensor);
  auto const mode = transfer(Transfer::independent);
  auto const element_bytes = size_of(tensor.dtype);
  auto const elements = volume(box);
  auto const step = kMaxTransferBytes / element_bytes;
  for (std::uint64_t begin = 0; begin < elements; begin += step) {
    auto const end = std::min(elements, begin + step);
    for (auto part : boxes_of_range(box.extent, begin, end)) {
      for (std::size_t axis = 0; axis < part.offset.size(); ++axis) part.offset[axis] += box.offset[axis];
      select_box(opened.space.view(), part);
      // Of the box's shape: if the numbers of axes differed, HDF5 would visit single elements.
      auto const in_memory = make_space(part.extent);
      hdf5::write(opened.dataset.view(), opened.type.view(), in_memory.view(), opened.space.view(), mode.view(), bytes);
      bytes += volume(part) * element_bytes;
    }
  }
}

void SharedFile::close(LastResort const& failure_ranks) {
  last_.reset();
  tensors_.close(path_);
  WatchedClose const watched(file_.view(), path_, failure_ranks);
  file_.close(path_);
}

}  // namespace distload::hdf5
