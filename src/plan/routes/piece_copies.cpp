// Creates the copies of each box of a piece.
#include "plan/routes/piece_copies.hpp"

#include <cstddef>
#include <optional>

namespace distload {
namespace {

/// The intersection of a part with one box of its piece.
struct CommonBox {
  Box box;              ///< in the parameter
  Shape piece_shape;    ///< of the piece's box
  Dims piece_position;  ///< of `box` in the piece's box
  Bytes piece_offset;   ///< of the piece's box in the piece
  Bytes part_offset;    ///< of `box` in the part
};

Dims relative_to(Dims const& origin, Dims position) {
  for (std::size_t axis = 0; axis < position.size(); ++axis) position[axis] -= origin[axis];
  return position;
}

template <class Visit>
void for_each_common_box(CurrentParameter const& parameter, ReadPiece const& piece, WantedPart const& part,
                         Visit const& visit) {
  auto const& want = parameter.wants_of(piece)[part.want];
  auto const element_bytes = parameter.demand().stored_element_bytes();
  Bytes piece_offset = 0;
  Bytes part_offset = 0;
  for (auto const& box : parameter.demand().boxes_of(piece.extent, piece.range)) {
    if (auto const common = intersection(box, want.box)) {
      visit(CommonBox{.box = *common,
                      .piece_shape = box.extent,
                      .piece_position = relative_to(box.offset, common->offset),
                      .piece_offset = piece_offset,
                      .part_offset = part_offset});
      part_offset += volume(*common) * element_bytes;
    }
    piece_offset += volume(box) * element_bytes;
  }
}

Placed in_piece(CommonBox const& common, Bytes piece_offset) {
  return {
      .shape = common.piece_shape, .position = common.piece_position, .base_bytes = piece_offset + common.piece_offset};
}

Placed in_message(CommonBox const& common) {
  return {.shape = common.box.extent,
          .position = Dims::filled(common.box.extent.size(), 0),
          .base_bytes = common.part_offset};
}

Placed in_shard(CurrentParameter const& parameter, Want const& want, CommonBox const& common, Bytes shard_offset) {
  auto const& layout = parameter.demand().layout_of(want.group);
  return {.shape = layout.shape,
          .position = local_position(layout.pieces[want.piece], common.box.offset),
          .base_bytes = shard_offset,
          .transposed = parameter.demand().is_transposed()};
}

/// A copy to a shard, with a cast if the types differ.
PlannedCopy place_copy(Demand const& demand, Area area, Placed const& source, Placed const& destination,
                       Dims const& extent) {
  std::optional<Cast> cast;
  if (demand.is_cast()) cast = Cast{.from = demand.stored_dtype(), .to = demand.dtype()};
  return {
      .source = area,
      .destination = Area::arena,
      .copy = make_strided_copy(source, demand.stored_element_bytes(), destination, size_of(demand.dtype()), extent),
      .cast = cast};
}

}  // namespace

std::vector<PlannedCopy> copies_to_shard(CurrentParameter const& parameter, ReadPiece const& piece,
                                         WantedPart const& part, Area source, Bytes source_offset, Bytes shard_offset) {
  auto const& want = parameter.wants_of(piece)[part.want];
  std::vector<PlannedCopy> copies;
  for_each_common_box(parameter, piece, part, [&](CommonBox const& common) {
    copies.push_back(place_copy(parameter.demand(), source, in_piece(common, source_offset),
                                in_shard(parameter, want, common, shard_offset), common.box.extent));
  });
  return copies;
}

std::vector<PlannedCopy> copies_to_message(CurrentParameter const& parameter, ReadPiece const& piece,
                                           WantedPart const& part, Area source, Bytes source_offset) {
  auto const element_bytes = parameter.demand().stored_element_bytes();
  std::vector<PlannedCopy> copies;
  for_each_common_box(parameter, piece, part, [&](CommonBox const& common) {
    copies.push_back({.source = source,
                      .destination = Area::staging,
                      .copy = make_strided_copy(in_piece(common, source_offset), in_message(common), common.box.extent,
                                                element_bytes),
                      .cast = std::nullopt});
  });
  return copies;
}

std::vector<PlannedCopy> copies_from_message(CurrentParameter const& parameter, ReadPiece const& piece,
                                             WantedPart const& part) {
  auto const& want = parameter.wants_of(piece)[part.want];
  std::vector<PlannedCopy> copies;
  for_each_common_box(parameter, piece, part, [&](CommonBox const& common) {
    copies.push_back(place_copy(parameter.demand(), Area::staging, in_message(common),
                                in_shard(parameter, want, common, parameter.own.offset_bytes), common.box.extent));
  });
  return copies;
}

}  // namespace distload
