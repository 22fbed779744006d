// Writes and reads /files.
#include "checkpoint/hdf5/files.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <distload/base/error.hpp>

#include "base/hash.hpp"
#include "checkpoint/files/carried_names.hpp"
#include "checkpoint/hdf5/attribute.hpp"
#include "checkpoint/hdf5/dataset.hpp"
#include "checkpoint/hdf5/dataspace.hpp"
#include "checkpoint/hdf5/format.hpp"
#include "checkpoint/hdf5/group.hpp"
#include "checkpoint/hdf5/property_list.hpp"

namespace distload::hdf5 {
namespace {

/// An opaque type without a tag: h5py reads only untagged ones as plain bytes.
Datatype byte_type() { return Datatype(DISTLOAD_HDF5(kNoFile, H5Tcreate(H5T_OPAQUE, 1))); }

/// The group for a file of that name; creates it if it is missing.
Group group_of(GroupView files, std::string const& folder) {
  return has_link(files, folder) ? open_group(files, folder) : create_group(files, folder);
}

void create_file_dataset(GroupView group, std::string const& name, CarriedFile& file) {
  auto const dataset =
      create_dataset(group, name, byte_type().view(), make_run_space(file.nbytes).view(), contiguous_creation().view());
  put_number(dataset.view().id(), kFileHash, *file.hash);
  file.offset_bytes = offset_of(dataset.view()).value_or(0);
}

/// The position of a dataset's bytes; nothing unless they are plain, contiguous bytes.
std::optional<CarriedFile> carried_file_of(DatasetView dataset) {
  auto const type = type_of(dataset);
  auto const element_class = DISTLOAD_HDF5(dataset.id(), H5Tget_class(type.view().id()));
  auto const element_bytes = H5Tget_size(type.view().id());
  if (element_class != H5T_OPAQUE && (element_class != H5T_INTEGER || element_bytes != 1)) return std::nullopt;
  auto const storage = storage_of(dataset);
  if (storage.layout != Layout::contiguous || storage.filters > 0 || storage.external_files > 0) return std::nullopt;
  auto const space = space_of(dataset);
  if (is_null(space.view()) || axes_of(space.view()) > 1) return std::nullopt;
  auto const nbytes = checked_volume(shape_of(space.view()), element_bytes);
  if (!nbytes) return std::nullopt;
  CarriedFile file;
  file.nbytes = *nbytes;
  if (file.nbytes > 0) {
    auto const offset = offset_of(dataset);
    if (!offset) return std::nullopt;
    file.offset_bytes = *offset;
  }
  file.hash = get_number(dataset.id(), kFileHash);
  return file;
}

class FileReader {
 public:
  explicit FileReader(Catalog& catalog) : catalog_(&catalog) {}

  void read(GroupView group, std::string const& folder) {
    for (auto const& link : links_of(group)) {
      auto const name = folder + link.name;
      if (link.kind == ObjectKind::group && folder.empty()) {
        read(open_group(group, link.name).view(), name + "/");
      } else if (!is_carried_name(name) || is_made_by_saving(name)) {
        throw CorruptData(catalog_->path + ": /files has a file of a name that none may have");
      } else if (auto file = link.kind == ObjectKind::dataset ? carried_file_of(open_dataset(group, link.name).view())
                                                              : std::nullopt) {
        add(name, std::move(*file));
      } else {
        catalog_->warnings.push_back(catalog_->path + ": '/files/" + name +
                                     "' is not stored as bytes in one piece; skipped");
      }
    }
  }

 private:
  void add(std::string const& name, CarriedFile file) {
    file.name = name;
    file.path = catalog_->path;
    if (!file.hash) {
      catalog_->warnings.push_back(catalog_->path + ": '/files/" + name + "' has no checksum and cannot be verified");
    }
    catalog_->metadata.files.push_back(std::move(file));
  }

  Catalog* catalog_;
};

}  // namespace

void create_files(GroupView root, std::string const& path, std::span<CarriedFile> files) {
  if (files.empty()) return;
  auto const group = create_group(root, kFiles);
  for (auto& file : files) {
    file.path = path;
    file.modified = 0;
    file.by_default = true;
    file.nbytes = file.content->size();
    file.hash = xxh3_64(*file.content);
    auto const slash = file.name.find('/');
    if (slash == std::string::npos) {
      create_file_dataset(group.view(), file.name, file);
    } else {
      create_file_dataset(group_of(group.view(), file.name.substr(0, slash)).view(), file.name.substr(slash + 1), file);
    }
  }
}

void read_files(GroupView root, Catalog& catalog) {
  if (!has_link(root, kFiles)) return;
  FileReader(catalog).read(open_group(root, kFiles).view(), "");
  std::ranges::sort(catalog.metadata.files, {}, &CarriedFile::name);
}

}  // namespace distload::hdf5
