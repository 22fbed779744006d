// Checks the properties of a catalog that planning relies on.
#include "checkpoint/validate_catalog.hpp"

#include <algorithm>
#include <numeric>
#include <span>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "checkpoint/files/carried_names.hpp"

namespace distload {
namespace {

[[noreturn]] void fail(Catalog const& catalog, std::string const& what) {
  throw CorruptData(catalog.path + ": " + what);
}

void check_name(Catalog const& catalog, std::string const& name) {
  if (auto const why = why_no_name(name)) fail(catalog, *why);
}

void check_tensor(Catalog const& catalog, std::size_t index) {
  auto const& tensor = catalog.tensors[index];
  check_name(catalog, tensor.name);
  if (index > 0 && !(catalog.tensors[index - 1].name < tensor.name))
    fail(catalog, "tensor " + printable(tensor.name) + " occurs twice");
  if (!checked_volume(tensor.shape, size_of(tensor.dtype)))
    fail(catalog, printable(tensor.name) + ": shape " + to_string(tensor.shape) + " overflows");
  auto const end = checked_add(tensor.first_extent, tensor.extent_count);
  if (!end || *end > catalog.extents.size())
    fail(catalog, printable(tensor.name) + ": its extents are not in the table");
}

void check_unreadable(Catalog const& catalog) {
  for (std::size_t i = 0; i < catalog.unreadable.size(); ++i) {
    auto const& name = catalog.unreadable[i].name;
    if (!name.empty()) check_name(catalog, name);
    if ((i > 0 && !(catalog.unreadable[i - 1].name < name)) || catalog.find(name) != nullptr)
      fail(catalog, "tensor " + printable(name) + " occurs twice");
  }
}

void check_extent(Catalog const& catalog, TensorInfo const& tensor, Extent const& extent) {
  if (extent.file >= catalog.files.size())
    fail(catalog, printable(tensor.name) + ": lies in a file that is not listed");
  if (extent.box.offset.size() != tensor.shape.size() || extent.box.extent.size() != tensor.shape.size()) {
    fail(catalog, printable(tensor.name) + ": an extent has another number of axes");
  }
  for (std::size_t axis = 0; axis < tensor.shape.size(); ++axis) {
    auto const end = checked_add(extent.box.offset[axis], extent.box.extent[axis]);
    if (!end || *end > tensor.shape[axis])
      fail(catalog,
           printable(tensor.name) + ": extent " + to_string(extent.box) + " lies outside " + to_string(tensor.shape));
  }
  if (extent.nbytes != volume(extent.box) * size_of(tensor.dtype)) {
    fail(catalog, printable(tensor.name) + ": extent " + to_string(extent.box) + " has " +
                      std::to_string(extent.nbytes) + " bytes");
  }
  auto const& file = catalog.files[extent.file];
  auto const end = checked_add(extent.offset_bytes, extent.nbytes);
  if (!end || *end > file.size_bytes) {
    fail(catalog, printable(tensor.name) + ": bytes " + std::to_string(extent.offset_bytes) + " to " +
                      (end ? std::to_string(*end) : "beyond 2^64") + " lie behind the end of " + file.path + " (" +
                      std::to_string(file.size_bytes) + " bytes)");
  }
  if (extent.has_checksums()) {
    auto const blocks = divide_up(extent.nbytes, catalog.block_bytes);
    if (extent.first_block + blocks > catalog.block_hashes.size())
      fail(catalog, printable(tensor.name) + ": checksums are missing");
  }
}

/// The axis along which most boxes begin at different positions, so that few boxes overlap the sweep position.
std::size_t sweep_axis(std::span<Extent const> extents, std::size_t axes) {
  std::size_t best = 0;
  std::size_t most = 0;
  std::vector<std::uint64_t> offsets(extents.size());
  for (std::size_t axis = 0; axis < axes; ++axis) {
    std::ranges::transform(extents, offsets.begin(), [&](Extent const& extent) { return extent.box.offset[axis]; });
    std::sort(offsets.begin(), offsets.end());
    auto const distinct = static_cast<std::size_t>(std::unique(offsets.begin(), offsets.end()) - offsets.begin());
    if (distinct > most) {
      best = axis;
      most = distinct;
    }
  }
  return best;
}

/// Checks that a tensor's boxes are disjoint and have as many elements as the tensor, so that they cover it. Sweeps
/// along one axis and compares with the boxes that overlap the current position.
void check_cover(Catalog const& catalog, TensorInfo const& tensor) {
  auto const extents = catalog.extents_of(tensor);
  std::uint64_t covered = 0;
  for (auto const& extent : extents) covered += volume(extent.box);
  if (covered != volume(tensor.shape)) {
    fail(catalog, printable(tensor.name) + ": its parts hold " + std::to_string(covered) + " of " +
                      std::to_string(volume(tensor.shape)) + " elements");
  }
  if (extents.size() < 2 || tensor.shape.empty()) return;
  auto const axis = sweep_axis(extents, tensor.shape.size());
  std::vector<std::uint32_t> order(extents.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&](auto index) { return extents[index].box.offset[axis]; });
  std::vector<std::uint32_t> open;
  for (auto const index : order) {
    auto const& box = extents[index].box;
    std::erase_if(open, [&](auto other) {
      return extents[other].box.offset[axis] + extents[other].box.extent[axis] <= box.offset[axis];
    });
    for (auto const other : open) {
      if (intersection(box, extents[other].box)) {
        fail(catalog, printable(tensor.name) + ": parts " + to_string(extents[other].box) + " and " + to_string(box) +
                          " overlap");
      }
    }
    open.push_back(index);
  }
}

void check_disjoint_in_files(Catalog const& catalog) {
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < catalog.extents.size(); ++i) {
    if (catalog.extents[i].nbytes > 0) order.push_back(i);
  }
  auto const& extents = catalog.extents;
  std::sort(order.begin(), order.end(), [&](auto a, auto b) {
    return std::pair(extents[a].file, extents[a].offset_bytes) < std::pair(extents[b].file, extents[b].offset_bytes);
  });
  for (std::size_t i = 1; i < order.size(); ++i) {
    auto const& before = extents[order[i - 1]];
    auto const& after = extents[order[i]];
    if (before.file == after.file && before.offset_bytes + before.nbytes > after.offset_bytes) {
      fail(catalog, printable(catalog.tensors[before.tensor].name) + " and " +
                        printable(catalog.tensors[after.tensor].name) + " overlap at byte " +
                        std::to_string(after.offset_bytes) + " of " + catalog.files[after.file].path);
    }
  }
}

/// Checks that names are sorted and safe as paths, and that ranges lie inside the checkpoint's file.
void check_files(Catalog const& catalog) {
  std::string const* before = nullptr;
  for (auto const& file : catalog.metadata.files) {
    if (!is_carried_name(file.name)) fail(catalog, "holds a file of a name that none may have");
    if (before != nullptr && !(*before < file.name)) fail(catalog, "file '" + file.name + "' occurs twice");
    before = &file.name;
    auto const own = std::ranges::find(catalog.files, file.path, &SourceFile::path);
    if (own == catalog.files.end()) continue;
    auto const end = checked_add(file.offset_bytes, file.nbytes);
    if (!end || *end > own->size_bytes) fail(catalog, "file '" + file.name + "' lies behind the end of " + own->path);
  }
}

}  // namespace

std::optional<std::string> why_no_name(std::string const& name) {
  if (name.empty()) return "a tensor has no name";
  if (name.find('\0') != std::string::npos) return "a tensor's name holds a NUL character";
  if (name.find('/') != std::string::npos) return "tensor name '" + printable(name) + "' holds a '/'";
  if (name == "." || name.find("..") != std::string::npos) return "tensor name '" + printable(name) + "' is a path";
  return std::nullopt;
}

void validate(Catalog const& catalog) {
  if (catalog.block_bytes == 0 || catalog.block_bytes % 4096 != 0)
    fail(catalog, "blocks of " + std::to_string(catalog.block_bytes) + " bytes");
  for (std::size_t i = 0; i < catalog.tensors.size(); ++i) check_tensor(catalog, i);
  for (std::uint32_t i = 0; i < catalog.extents.size(); ++i) {
    auto const& extent = catalog.extents[i];
    if (extent.tensor >= catalog.tensors.size()) fail(catalog, "an extent belongs to no tensor");
    auto const& tensor = catalog.tensors[extent.tensor];
    if (i < tensor.first_extent || i - tensor.first_extent >= tensor.extent_count)
      fail(catalog, printable(tensor.name) + ": an extent is not its own");
    check_extent(catalog, tensor, extent);
  }
  for (auto const& tensor : catalog.tensors) check_cover(catalog, tensor);
  check_unreadable(catalog);
  check_files(catalog);
  check_disjoint_in_files(catalog);
}

}  // namespace distload
