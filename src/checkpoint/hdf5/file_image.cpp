// A virtual file driver of HDF5 (H5FDdevelop), like its sec2 driver, but with the bytes in memory.
#include "checkpoint/hdf5/file_image.hpp"

#include <algorithm>
#include <memory>
#include <new>

namespace distload::hdf5 {
namespace {

/// The driver's information in an access list.
struct AccessInfo {
  FileImage* image = nullptr;
};

/// An open file. `H5FD_t`, which HDF5 uses, must be the first member.
struct OpenImage {
  H5FD_t known_to_hdf5{};
  FileImage* image = nullptr;
  haddr_t end_of_allocation = 0;
};

OpenImage& opened(H5FD_t* file) { return *reinterpret_cast<OpenImage*>(file); }
OpenImage const& opened(H5FD_t const* file) { return *reinterpret_cast<OpenImage const*>(file); }

H5FD_t* open_image(char const* /*name*/, unsigned flags, hid_t access_list, haddr_t /*most*/) {
  auto const* const info = static_cast<AccessInfo const*>(H5Pget_driver_info(access_list));
  if (info == nullptr) return nullptr;
  auto file = std::unique_ptr<OpenImage>(new (std::nothrow) OpenImage);
  if (!file) return nullptr;
  file->image = info->image;
  if ((flags & H5F_ACC_TRUNC) != 0) *file->image = {};
  return &file.release()->known_to_hdf5;
}

herr_t close_image(H5FD_t* file) {
  delete &opened(file);
  return 0;
}

int compare_images(H5FD_t const* a, H5FD_t const* b) {
  std::less<> const before;
  if (before(opened(a).image, opened(b).image)) return -1;
  return opened(a).image == opened(b).image ? 0 : 1;
}

herr_t query_features(H5FD_t const* /*file*/, unsigned long* flags) {
  *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
           H5FD_FEAT_AGGREGATE_SMALLDATA;
  return 0;
}

haddr_t end_of_allocation(H5FD_t const* file, H5FD_mem_t /*type*/) { return opened(file).end_of_allocation; }

herr_t set_end_of_allocation(H5FD_t* file, H5FD_mem_t /*type*/, haddr_t end) {
  opened(file).end_of_allocation = end;
  return 0;
}

haddr_t end_of_file(H5FD_t const* file, H5FD_mem_t /*type*/) { return opened(file).image->size_bytes(); }

herr_t read_image(H5FD_t* file, H5FD_mem_t /*type*/, hid_t /*transfer*/, haddr_t offset, std::size_t nbytes,
                  void* destination) {
  opened(file).image->read(offset, {static_cast<std::byte*>(destination), nbytes});
  return 0;
}

herr_t write_image(H5FD_t* file, H5FD_mem_t /*type*/, hid_t /*transfer*/, haddr_t offset, std::size_t nbytes,
                   void const* bytes) {
  try {
    opened(file).image->write(offset, {static_cast<std::byte const*>(bytes), nbytes});
    return 0;
  } catch (std::bad_alloc const&) {
    return -1;
  }
}

herr_t truncate_image(H5FD_t* file, hid_t /*transfer*/, hbool_t /*is_closing*/) {
  opened(file).image->set_size(opened(file).end_of_allocation);
  return 0;
}

H5FD_class_t make_driver() {
  constexpr haddr_t kMostBytes = (haddr_t{1} << 63U) - 1;
  H5FD_class_t driver{};
  driver.name = "distload image";
  driver.maxaddr = kMostBytes;
  driver.fc_degree = H5F_CLOSE_WEAK;
  driver.fapl_size = sizeof(AccessInfo);
  driver.open = open_image;
  driver.close = close_image;
  driver.cmp = compare_images;
  driver.query = query_features;
  driver.get_eoa = end_of_allocation;
  driver.set_eoa = set_end_of_allocation;
  driver.get_eof = end_of_file;
  driver.read = read_image;
  driver.write = write_image;
  driver.truncate = truncate_image;
  // Metadata and raw data are allocated from separate areas.
  H5FD_mem_t const areas[H5FD_MEM_NTYPES] = H5FD_FLMAP_DICHOTOMY;
  std::ranges::copy(areas, driver.fl_map);
  return driver;
}

/// The driver is registered once and never unregistered.
hid_t driver_id() {
  static auto const driver = make_driver();
  static auto const id = DISTLOAD_HDF5(kNoFile, H5FDregister(&driver));
  return id;
}

PropertyList with_driver(PropertyList list, FileImage& image) {
  AccessInfo const info{&image};
  DISTLOAD_HDF5(kNoFile, H5Pset_driver(list.view().id(), driver_id(), &info));
  return list;
}

}  // namespace

void FileImage::read(Bytes offset, std::span<std::byte> destination) const {
  while (!destination.empty()) {
    auto const begin = offset % kPageBytes;
    auto const part = destination.first(std::min<Bytes>(destination.size(), kPageBytes - begin));
    auto const page = pages_.find(offset / kPageBytes);
    if (page == pages_.end()) {
      std::ranges::fill(part, std::byte{0});
    } else {
      std::copy_n(page->second.begin() + static_cast<std::ptrdiff_t>(begin), part.size(), part.begin());
    }
    offset += part.size();
    destination = destination.subspan(part.size());
  }
}

void FileImage::write(Bytes offset, std::span<std::byte const> bytes) {
  while (!bytes.empty()) {
    auto const begin = offset % kPageBytes;
    auto const part = bytes.first(std::min<Bytes>(bytes.size(), kPageBytes - begin));
    std::ranges::copy(part, pages_[offset / kPageBytes].begin() + static_cast<std::ptrdiff_t>(begin));
    offset += part.size();
    bytes = bytes.subspan(part.size());
  }
}

std::vector<FilePatch> FileImage::parts() const {
  std::vector<FilePatch> parts;
  for (auto const& [number, page] : pages_) {
    auto const begin = number * kPageBytes;
    if (parts.empty() || parts.back().offset_bytes + parts.back().bytes.size() != begin) parts.push_back({begin, {}});
    auto const nbytes = std::min(kPageBytes, size_bytes_ - std::min(begin, size_bytes_));
    parts.back().bytes.insert(parts.back().bytes.end(), page.begin(),
                              page.begin() + static_cast<std::ptrdiff_t>(nbytes));
  }
  return parts;
}

PropertyList image_access(FileImage& image) { return with_driver(local_access(), image); }

PropertyList image_access(FileImage& image, FilePlacement const& placement) {
  return with_driver(local_access(placement), image);
}

}  // namespace distload::hdf5
