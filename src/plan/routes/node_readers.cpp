// Finds the least loaded rank of each node.
#include "plan/routes/node_readers.hpp"

#include "plan/wave_builder.hpp"

namespace distload {

std::span<NodeReader const> NodeReaders::choose(CurrentParameter const& parameter, ReadPiece const& piece) {
  find_least_loaded(parameter, piece);
  readers_.clear();
  for (auto const reader : least_loaded_) {
    if (!reader) continue;
    ledger_.count_read(*reader, piece.range.nbytes());
    readers_.push_back({.rank = *reader, .wave = wave_of(*reader, parameter, piece)});
  }
  return readers_;
}

std::uint32_t NodeReaders::wave_of(std::uint32_t reader, CurrentParameter const& parameter, ReadPiece const& piece) {
  auto const nbytes = piece.range.nbytes();
  if (request_.options.arena_on_host) return ledger_.wave_of_node_read(reader, nbytes);
  StagingNeed const need{.ranks = {&reader, 1}, .nbytes = request_.staging_of_read(nbytes)};
  return ledger_.wave_of_staged_work({&need, 1}, parameter.tensor.name);
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
