// Executes strided copies whose source arrives in steps.
#include "load/scatter.hpp"

#include <algorithm>
#include <cstring>

namespace distload {

Scatter::Scatter(Wave const& wave, std::uint32_t own_rank, std::byte* own_arena, PeerMemory const* peers)
    : own_rank_(own_rank), own_arena_(own_arena), peers_(peers), reads_(wave.reads.size()) {
  for (std::size_t i = 0; i < reads_.size(); ++i) reads_[i].nbytes = wave.reads[i].nbytes;
  std::size_t number = 0;
  for (auto const planned : wave.scatters) {
    auto const& to = wave.scatter_targets[number++];
    reads_[to.read].targets.push_back({.rank = to.rank, .copy = planned.copy, .runs = {}});
  }
}

void Scatter::add_parts(Target& target, Bytes begin, std::span<std::byte const> bytes, std::vector<PeerWrite>& parts) {
  auto const end = begin + bytes.size();
  for (; target.next < target.runs.size(); ++target.next) {
    auto const& run = target.runs[target.next];
    auto const run_end = run.source_offset + target.copy.run_bytes;
    auto const from = std::max(run.source_offset, begin);
    auto const to = std::min(run_end, end);
    if (from >= end) break;
    parts.push_back({bytes.data() + (from - begin), run.destination_offset + (from - run.source_offset), to - from});
    if (run_end > end) break;
  }
}

void Scatter::take(PassingBytes const& passing, Writes& writes) {
  auto& read = reads_[passing.request];
  bool const is_last = passing.begin + passing.bytes.size() == read.nbytes;
  for (auto& target : read.targets) {
    if (passing.begin == 0) {
      target.runs.reserve(target.copy.runs());
      for_each_run(target.copy, [&](Bytes source, Bytes destination) { target.runs.push_back({source, destination}); });
    }
    add_parts(target, passing.begin, passing.bytes, writes[target.rank]);
    if (is_last) target.runs = {};
  }
}

void Scatter::take(std::span<PassingBytes const> passing) {
  Writes writes;
  for (auto const& bytes : passing) take(bytes, writes);
  for (auto const& [rank, parts] : writes) {
    if (parts.empty()) continue;
    if (rank != own_rank_) {
      peers_->write(rank, parts);
      continue;
    }
    for (auto const& part : parts) std::memcpy(own_arena_ + part.offset_bytes, part.source, part.nbytes);
  }
}

}  // namespace distload
