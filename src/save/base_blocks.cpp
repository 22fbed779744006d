// Finds equal blocks and copies or shares them through the file system.
#include "save/base_blocks.hpp"

#include <algorithm>

#include "io/files/file_system.hpp"

namespace distload {
namespace {

/// The block size of all known file systems that share blocks.
constexpr Bytes kShareableBytes = 4 * kKiB;

}  // namespace

BaseBlocks::BaseBlocks(Catalog const& base, Catalog const& file)
    : base_(&base),
      file_(&file),
      base_extents_(file.extents.size()),
      opened_(base.files.size()),
      servers_copy_(file_system_of(file.files.front().path).servers_copy) {
  if (base.block_bytes != file.block_bytes) return;
  for (auto const& tensor : file.tensors) {
    auto const* const before = base.find(tensor.name);
    if (before == nullptr || before->dtype != tensor.dtype || !(before->shape == tensor.shape)) continue;
    // Both lists are in row-major order of the boxes' offsets.
    auto const olds = base.extents_of(*before);
    auto old = olds.begin();
    for (std::uint32_t i = 0; i < tensor.extent_count; ++i) {
      auto const& extent = file.extents[tensor.first_extent + i];
      old = std::find_if(old, olds.end(), [&](Extent const& other) { return other.box == extent.box; });
      if (old == olds.end()) break;
      if (!old->has_checksums()) continue;
      base_extents_[tensor.first_extent + i] = before->first_extent + static_cast<std::uint32_t>(old - olds.begin());
    }
  }
}

bool BaseBlocks::has(std::uint32_t extent, std::uint64_t block, std::uint64_t hash) const {
  auto const& same = base_extents_[extent];
  return same && base_->hashes_of(base_->extents[*same])[block] == hash;
}

BaseBlocks::Range BaseBlocks::reuse(std::uint32_t extent_number, Range range, OutputFile const& file) {
  if (was_refused_) return {};
  auto const& same = base_->extents[*base_extents_[extent_number]];
  auto const& extent = file_->extents[extent_number];
  auto here = extent.offset_bytes + range.begin_bytes;
  if (!servers_copy_) {
    if (here % kShareableBytes != (same.offset_bytes + range.begin_bytes) % kShareableBytes) return {};
    auto const end = round_down(here + range.nbytes, kShareableBytes);
    here = round_up(here, kShareableBytes);
    if (here >= end) return {};
    range = {here - extent.offset_bytes, end - here};
  }
  auto& from = opened_[same.file];
  if (!from) from.emplace(base_->files[same.file].path);
  auto const method =
      file.clone_or_copy(*from, same.offset_bytes + range.begin_bytes, here, range.nbytes, servers_copy_);
  was_refused_ = method == CopyMethod::none;
  return was_refused_ ? Range{} : range;
}

}  // namespace distload
