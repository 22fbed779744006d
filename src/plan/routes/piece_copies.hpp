/// piece_copies: creates the copies from a piece to shards, directly or packed in messages.
#pragma once

#include <vector>

#include "plan/current_parameter.hpp"
#include "plan/planned_copies.hpp"

namespace distload {

/// From the piece, contiguous at `source_offset` of `source`, to the shard that begins at `shard_offset` of an arena.
std::vector<PlannedCopy> copies_to_shard(CurrentParameter const& parameter, ReadPiece const& piece,
                                         WantedPart const& part, Area source, Bytes source_offset, Bytes shard_offset);

/// From such a piece to a message: the part's boxes consecutively from offset 0.
std::vector<PlannedCopy> copies_to_message(CurrentParameter const& parameter, ReadPiece const& piece,
                                           WantedPart const& part, Area source, Bytes source_offset);

/// From such a message to the own shard.
std::vector<PlannedCopy> copies_from_message(CurrentParameter const& parameter, ReadPiece const& piece,
                                             WantedPart const& part);

}  // namespace distload
