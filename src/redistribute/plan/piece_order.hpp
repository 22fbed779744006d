/// PieceOrder: the order in which the pieces of all parameters are moved. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include <distload/base/bytes.hpp>

#include "redistribute/plan/bands.hpp"
#include "redistribute/plan/kinds.hpp"
#include "redistribute/plan/side.hpp"

namespace distload {

/// A part of a segment of a source's parameter, of which all bands go to the same shards of the target, unless those
/// are cut along an axis that every band contains.
struct SourceStretch {
  std::uint32_t parameter = 0;
  std::uint32_t segment = 0;
  Box box;
};

/// A band of a stretch.
struct PieceRef {
  double progress = 0;  ///< of the class of its parameter, from 0 to 1
  std::uint32_t stretch = 0;
  std::uint64_t band = 0;
};

/// All pieces, ordered such that every rank gives and gets at the same rate.
///
/// Parameters that the same ranks give to the same ranks form a class. All classes progress evenly, and within a
/// parameter all its stretches do. Therefore, when a share x of all bytes has been moved, a rank that gives away its
/// source holds about 1 - x of it and x of its target, which is at most the larger of the two.
struct PieceOrder {
  std::vector<SourceStretch> stretches;
  std::vector<PieceRef> pieces;
};
PieceOrder order_pieces(Side const& source, SourceKinds& source_kinds, Side const& target, TargetKinds& target_kinds,
                        Bytes piece_bytes);

/// The bands of a stretch.
Bands bands_of(Side const& source, SourceStretch const& stretch, Bytes piece_bytes);

}  // namespace distload
