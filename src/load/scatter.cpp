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

std::vector<PeerWrite> Scatter::parts_in(Target& target, Bytes begin, std::span<std::byte const> bytes) {
  auto const end = begin + bytes.size();
  std::vector<PeerWrite> parts;
  for (; target.next < target.runs.size(); ++target.next) {
    auto const& run = target.runs[target.next];
    auto const run_end = run.source_offset + target.copy.run_bytes;
    auto const from = std::max(run.source_offset, begin);
    auto const to = std::min(run_end, end);
    if (from >= end) break;
    parts.push_back({bytes.data() + (from - begin), run.destination_offset + (from - run.source_offset), to - from});
    if (run_end > end) break;
  }
  return parts;
}

void Scatter::take(std::size_t read, Bytes begin, std::span<std::byte const> bytes) {
  bool const is_last = begin + bytes.size() == reads_[read].nbytes;
  for (auto& target : reads_[read].targets) {
    if (begin == 0) {
      target.runs.reserve(target.copy.runs());
      for_each_run(target.copy, [&](Bytes source, Bytes destination) { target.runs.push_back({source, destination}); });
    }
    auto const parts = parts_in(target, begin, bytes);
    if (is_last) target.runs = {};
    if (parts.empty()) continue;
    if (target.rank != own_rank_) {
      peers_->write(target.rank, parts);
      continue;
    }
    for (auto const& part : parts) std::memcpy(own_arena_ + part.offset_bytes, part.source, part.nbytes);
  }
}

}  // namespace distload
