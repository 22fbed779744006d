// Draws blocks into cells.
#include "inspect/block_map.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

namespace distload {
namespace {

/// A strip of `size` bytes or blocks.
class StripPainter {
 public:
  explicit StripPainter(std::uint64_t size)
      : size_(std::max<std::uint64_t>(size, 1)), cells_(std::min<std::uint64_t>(kMostCells, size_), BlockState::none) {}

  void paint(std::uint64_t begin, std::uint64_t end, BlockState state) {
    if (begin >= end || begin >= size_) return;
    auto const last = cell_of(std::min(end, size_) - 1);
    for (auto cell = cell_of(begin); cell <= last; ++cell) cells_[cell] = std::max(cells_[cell], state);
  }

  Strip strip() const {
    Strip strip{static_cast<std::uint32_t>(cells_.size()), {}};
    auto before = BlockState::none;
    for (std::uint32_t cell = 0; cell < cells_.size(); ++cell) {
      auto const state = cells_[cell];
      if (state != BlockState::none && state == before) ++strip.runs.back().count;
      if (state != BlockState::none && state != before) strip.runs.push_back({cell, 1, state});
      before = state;
    }
    return strip;
  }

 private:
  std::size_t cell_of(std::uint64_t position) const {
    auto const share = static_cast<double>(position) / static_cast<double>(size_);
    return std::min(static_cast<std::size_t>(share * static_cast<double>(cells_.size())), cells_.size() - 1);
  }

  std::uint64_t size_;
  std::vector<BlockState> cells_;
};

std::uint64_t blocks_of(Catalog const& catalog, Extent const& extent) {
  return divide_up(extent.nbytes, catalog.block_bytes);
}

void map_files(Catalog const& catalog, BlockMap& map) {
  std::vector<StripPainter> painters;
  for (auto const& file : catalog.files) {
    map.files.push_back({file.path, file.size_bytes, 0, 0, 0, {}});
    painters.emplace_back(file.size_bytes);
  }
  for (auto const& extent : catalog.extents) {
    auto& file = map.files[extent.file];
    auto const blocks = blocks_of(catalog, extent);
    file.blocks += blocks;
    if (!extent.has_checksums()) file.unverified += blocks;
    painters[extent.file].paint(extent.offset_bytes, extent.offset_bytes + extent.nbytes,
                                extent.has_checksums() ? BlockState::verified : BlockState::unverified);
  }
  for (auto const& block : map.health.damage) {
    if (block.is_of_file) continue;
    auto const& extent = catalog.extents[block.extent];
    auto const begin = extent.offset_bytes + block.begin_bytes;
    ++map.files[extent.file].damaged;
    painters[extent.file].paint(begin, begin + block.nbytes, BlockState::damaged);
  }
  for (std::size_t i = 0; i < painters.size(); ++i) map.files[i].strip = painters[i].strip();
  std::ranges::stable_sort(map.files, std::greater<>(), [](FileHealth const& file) { return file.damaged > 0; });
  if (map.files.size() > kMostMappedFiles) {
    map.unlisted_files = map.files.size() - kMostMappedFiles;
    map.files.resize(kMostMappedFiles);
  }
}

TensorHealth map_tensor(Catalog const& catalog, std::uint32_t number, Health const& health) {
  auto const& tensor = catalog.tensors[number];
  TensorHealth mapped{tensor.name, 0, {}, {}};
  for (auto const& extent : catalog.extents_of(tensor)) mapped.blocks += blocks_of(catalog, extent);
  StripPainter painter(mapped.blocks);
  std::uint64_t first = 0;
  for (auto i = tensor.first_extent; i < tensor.first_extent + tensor.extent_count; ++i) {
    auto const& extent = catalog.extents[i];
    auto const end = first + blocks_of(catalog, extent);
    painter.paint(first, end, extent.has_checksums() ? BlockState::verified : BlockState::unverified);
    auto const extent_of = [](DamagedBlock const& block) { return std::pair(block.is_of_file, block.extent); };
    std::pair const wanted(false, i);
    for (auto block = std::ranges::lower_bound(health.damage, wanted, {}, extent_of);
         block != health.damage.end() && extent_of(*block) == wanted; ++block) {
      auto const at = first + block->begin_bytes / catalog.block_bytes;
      mapped.damaged.push_back(at);
      painter.paint(at, at + 1, BlockState::damaged);
    }
    first = end;
  }
  mapped.strip = painter.strip();
  return mapped;
}

void map_tensors(Catalog const& catalog, BlockMap& map) {
  std::set<std::uint32_t> damaged;
  for (auto const& block : map.health.damage) {
    if (block.is_of_file) {
      map.damaged_files.push_back(catalog.metadata.files[block.extent].name);
    } else {
      damaged.insert(catalog.extents[block.extent].tensor);
    }
  }
  map.damaged_tensors = damaged.size();
  for (auto const tensor : damaged) {
    if (map.tensors.size() == kMostMappedTensors) break;
    map.tensors.push_back(map_tensor(catalog, tensor, map.health));
  }
}

}  // namespace

std::vector<std::uint64_t> damaged_by_tensor(Catalog const& catalog, Health const& health) {
  std::vector<std::uint64_t> damaged(catalog.tensors.size());
  for (auto const& block : health.damage) {
    if (!block.is_of_file) ++damaged[catalog.extents[block.extent].tensor];
  }
  return damaged;
}

BlockMap block_map(Catalog const& catalog, Health health) {
  BlockMap map;
  map.health = std::move(health);
  if (state_of(map.health) == std::string("not_verified")) return map;
  map_files(catalog, map);
  map_tensors(catalog, map);
  return map;
}

}  // namespace distload
