// Divides tensors into units, assigns writers, and forms waves.
#include "save/save_plan.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "save/tensor_holders.hpp"

namespace distload {
namespace {

// Large enough for full storage bandwidth, small enough to distribute replicated tensors evenly.
constexpr Bytes kMaxUnitBytes = 64 * kMiB;

// Bytes that a rank writes in one wave; after each wave the ranks exchange failures and beats.
constexpr Bytes kMaxWaveBytes = kGiB;

/// A box of a unit that one rank contributes.
struct Part {
  Box box;  ///< in the tensor
  SegmentHolder source;
  Dims source_position;  ///< in the source's shard
  Shape source_shape;
  Shape unit_shape;             ///< shape of the unit's run that contains the box
  Dims unit_position;           ///< in that run
  Bytes unit_offset_bytes = 0;  ///< of that run in the unit
  Bytes nbytes = 0;
};

struct Unit {
  std::uint32_t extent = 0;
  Bytes begin_bytes = 0;
  Bytes nbytes = 0;
  std::uint32_t writer = 0;
  std::vector<Part> parts;
};

/// Makes the units of all tensors in the same order on every rank and divides them into waves.
class SavePlanner {
 public:
  SavePlanner(Catalog const& file, Topology const& topology, std::uint32_t rank, SavePlanOptions const& options)
      : file_(&file),
        rank_(rank),
        options_(options),
        written_(topology.ranks()),
        sent_(topology.ranks()),
        used_(topology.ranks()),
        writing_(topology.ranks()) {
    // A unit may need twice its size: for assembly and for received parts.
    auto const blocks = std::max<Bytes>(1, std::min(kMaxUnitBytes, options.staging_bytes / 2) / file.block_bytes);
    unit_bytes_ = blocks * file.block_bytes;
    staging_bytes_ = std::max(options.staging_bytes, 2 * unit_bytes_);
  }

  void add_tensor(std::uint32_t tensor, TensorHolders const& holders) {
    auto const& info = file_->tensors[tensor];
    for (std::uint32_t i = 0; i < info.extent_count; ++i) {
      auto const extent = info.first_extent + i;
      auto const nbytes = file_->extents[extent].nbytes;
      for (Bytes begin = 0; begin < nbytes; begin += unit_bytes_) {
        add_unit(make_unit(extent, begin, std::min(unit_bytes_, nbytes - begin), holders));
      }
    }
  }

  SavePlan take() {
    close_wave();
    return std::move(plan_);
  }

 private:
  Unit make_unit(std::uint32_t extent_number, Bytes begin, Bytes nbytes, TensorHolders const& holders);
  std::uint32_t choose_writer(std::vector<std::pair<Part, HeldSegment const*>> const& parts) const;
  void add_unit(Unit const& unit);
  std::optional<Bytes> straight_offset(Unit const& unit) const;
  void reserve(Unit const& unit, std::map<std::uint32_t, Bytes> const& staging);
  void write_staged(Unit const& unit);
  void send_parts(Unit const& unit);
  void close_wave();

  Bytes take_packed(Bytes nbytes) { return std::exchange(wave_.packed_bytes, wave_.packed_bytes + nbytes); }

  Catalog const* file_;
  std::uint32_t rank_;
  SavePlanOptions options_;
  Bytes unit_bytes_ = 0;
  Bytes staging_bytes_ = 0;
  std::vector<Bytes> written_;  ///< by every rank, so far
  std::vector<Bytes> sent_;
  std::vector<Bytes> used_;     ///< staging of every rank in the current wave
  std::vector<Bytes> writing_;  ///< by every rank in the current wave
  SaveWave wave_;
  SavePlan plan_;
};

StridedCopy copy_to(Part const& part, Bytes element_bytes, Placed const& destination) {
  return make_strided_copy({.shape = part.source_shape, .position = part.source_position}, destination, part.box.extent,
                           element_bytes);
}

/// The position of a part in a unit that begins at `unit_offset_bytes`.
Placed in_unit(Part const& part, Bytes unit_offset_bytes) {
  return {part.unit_shape, part.unit_position, unit_offset_bytes + part.unit_offset_bytes};
}

Unit SavePlanner::make_unit(std::uint32_t extent_number, Bytes begin, Bytes nbytes, TensorHolders const& holders) {
  auto const& extent = file_->extents[extent_number];
  auto const element_bytes = size_of(file_->tensors[extent.tensor].dtype);
  std::vector<std::pair<Part, HeldSegment const*>> parts;
  Bytes run_offset = 0;
  for (auto run : boxes_of_range(extent.box.extent, begin / element_bytes, (begin + nbytes) / element_bytes)) {
    for (std::size_t axis = 0; axis < run.offset.size(); ++axis) run.offset[axis] += extent.box.offset[axis];
    for (auto const& segment : holders.touching(run)) {
      auto const common = intersection(run, segment.box);
      if (!common) continue;
      Part part{*common, {}, {}, {}, run.extent, common->offset, run_offset, volume(*common) * element_bytes};
      for (std::size_t axis = 0; axis < run.offset.size(); ++axis) part.unit_position[axis] -= run.offset[axis];
      parts.emplace_back(part, &segment);
    }
    run_offset += volume(run) * element_bytes;
  }

  Unit unit{extent_number, begin, nbytes, choose_writer(parts), {}};
  for (auto& [part, segment] : parts) {
    auto source = std::ranges::find(segment->holders, unit.writer, &SegmentHolder::rank);
    if (source == segment->holders.end()) {
      source = std::ranges::min_element(segment->holders, {},
                                        [this](SegmentHolder const& holder) { return sent_[holder.rank]; });
      sent_[source->rank] += part.nbytes;
    }
    part.source = *source;
    part.source_shape = holders.shard_shape(source->group);
    part.source_position = source->local_offset;
    for (std::size_t axis = 0; axis < part.box.offset.size(); ++axis) {
      part.source_position[axis] += part.box.offset[axis] - segment->box.offset[axis];
    }
    unit.parts.push_back(part);
  }
  written_[unit.writer] += nbytes;
  return unit;
}

std::uint32_t SavePlanner::choose_writer(std::vector<std::pair<Part, HeldSegment const*>> const& parts) const {
  std::map<std::uint32_t, Bytes> held;
  for (auto const& [part, segment] : parts) {
    for (auto const& holder : segment->holders) held[holder.rank] += part.nbytes;
  }
  auto const better = [this](auto const& a, auto const& b) {
    return a.second != b.second ? a.second > b.second : written_[a.first] < written_[b.first];
  };
  return std::ranges::min_element(held, better)->first;
}

/// The unit's offset in the writer's shard, if the shard has its bytes in file order.
std::optional<Bytes> SavePlanner::straight_offset(Unit const& unit) const {
  if (!options_.allow_straight) return std::nullopt;
  auto const element_bytes = size_of(file_->tensors[file_->extents[unit.extent].tensor].dtype);
  std::optional<Bytes> offset;
  for (auto const& part : unit.parts) {
    if (part.source.rank != unit.writer) return std::nullopt;
    auto const copy = copy_to(part, element_bytes, in_unit(part, 0));
    if (copy.loop_count != 0 || copy.source_offset < copy.destination_offset) return std::nullopt;
    auto const begin = copy.source_offset - copy.destination_offset;
    if (offset && *offset != begin) return std::nullopt;
    offset = begin;
  }
  return offset;
}

/// The staging memory of each rank for the unit, if it is not written straight from the shard.
std::map<std::uint32_t, Bytes> staging_of(Unit const& unit) {
  std::map<std::uint32_t, Bytes> needed{{unit.writer, unit.nbytes}};
  for (auto const& part : unit.parts) {
    if (part.source.rank == unit.writer) continue;
    needed[unit.writer] += part.nbytes;
    needed[part.source.rank] += part.nbytes;
  }
  return needed;
}

/// Takes the unit's memory from the current wave; starts a new wave if it does not fit.
void SavePlanner::reserve(Unit const& unit, std::map<std::uint32_t, Bytes> const& staging) {
  auto const no_memory = [this](auto const& need) { return used_[need.first] + need.second > staging_bytes_; };
  if (writing_[unit.writer] + unit.nbytes > kMaxWaveBytes || std::ranges::any_of(staging, no_memory)) close_wave();
  writing_[unit.writer] += unit.nbytes;
  for (auto const& [rank, nbytes] : staging) used_[rank] += nbytes;
}

void SavePlanner::add_unit(Unit const& unit) {
  auto const straight = straight_offset(unit);
  reserve(unit, straight ? std::map<std::uint32_t, Bytes>{} : staging_of(unit));
  if (unit.writer != rank_) {
    if (!straight) send_parts(unit);
  } else if (straight) {
    wave_.writes.push_back({.extent = unit.extent,
                            .begin_bytes = unit.begin_bytes,
                            .nbytes = unit.nbytes,
                            .straight = true,
                            .offset_bytes = *straight});
  } else {
    write_staged(unit);
  }
}

void SavePlanner::write_staged(Unit const& unit) {
  auto const tensor = file_->extents[unit.extent].tensor;
  auto const element_bytes = size_of(file_->tensors[tensor].dtype);
  auto const offset = take_packed(unit.nbytes);
  for (auto const& part : unit.parts) {
    if (part.source.rank == rank_) {
      wave_.packs.push_back({tensor, copy_to(part, element_bytes, in_unit(part, offset))});
      continue;
    }
    Placed const message{part.box.extent, Dims::filled(part.box.extent.size(), 0), wave_.received_bytes};
    wave_.receives.push_back({part.source.rank, wave_.received_bytes, part.nbytes});
    wave_.places.push_back(make_strided_copy(message, in_unit(part, offset), part.box.extent, element_bytes));
    wave_.received_bytes += part.nbytes;
  }
  wave_.writes.push_back(
      {.extent = unit.extent, .begin_bytes = unit.begin_bytes, .nbytes = unit.nbytes, .offset_bytes = offset});
}

void SavePlanner::send_parts(Unit const& unit) {
  auto const tensor = file_->extents[unit.extent].tensor;
  auto const element_bytes = size_of(file_->tensors[tensor].dtype);
  for (auto const& part : unit.parts) {
    if (part.source.rank != rank_) continue;
    auto const offset = take_packed(part.nbytes);
    Placed const message{part.box.extent, Dims::filled(part.box.extent.size(), 0), offset};
    wave_.packs.push_back({tensor, copy_to(part, element_bytes, message)});
    wave_.sends.push_back({unit.writer, offset, part.nbytes});
  }
}

void SavePlanner::close_wave() {
  plan_.packed_bytes = std::max(plan_.packed_bytes, wave_.packed_bytes);
  plan_.received_bytes = std::max(plan_.received_bytes, wave_.received_bytes);
  plan_.waves.push_back(std::exchange(wave_, {}));
  std::ranges::fill(used_, Bytes{0});
  std::ranges::fill(writing_, Bytes{0});
}

}  // namespace

SavePlan make_save_plan(Catalog const& file, std::span<HeldTensor const> tensors, Topology const& topology,
                        std::uint32_t rank, SavePlanOptions const& options) {
  SavePlanner planner(file, topology, rank, options);
  for (std::uint32_t tensor = 0; tensor < file.tensors.size(); ++tensor) {
    planner.add_tensor(tensor, TensorHolders(tensors[tensor], file.tensors[tensor].shape, topology));
  }
  return planner.take();
}

}  // namespace distload
