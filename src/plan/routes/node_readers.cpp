// Finds the least loaded rank of each node.
#include "plan/routes/node_readers.hpp"

namespace distload {

std::span<NodeReader const> NodeReaders::choose(CurrentParameter const& parameter, ReadPiece const& piece) {
  find_least_loaded(parameter, piece);
  readers_.clear();
  for (auto const reader : least_loaded_) {
    if (!reader) continue;
    ledger_.count_read(*reader, piece.range.nbytes());
    readers_.push_back({.rank = *reader, .wave = ledger_.wave_of_node_read(*reader, piece.range.nbytes())});
  }
  return readers_;
}

void NodeReaders::find_least_loaded(CurrentParameter const& parameter, ReadPiece const& piece) {
  auto const read_bytes = ledger_.read_bytes();
  least_loaded_.clear();
  for (auto const want : parameter.segment_of(parameter.job_of(piece)).segment.wants) {
    for (auto const rank : parameter.ranks_of(parameter.wants_of(piece)[want].group)) {
      auto const node = request_.node_of(rank);
      if (least_loaded_.size() <= node) least_loaded_.resize(node + std::size_t{1});
      auto& best = least_loaded_[node];
      if (!best || read_bytes[rank] < read_bytes[*best]) best = rank;
    }
  }
}

}  // namespace distload
