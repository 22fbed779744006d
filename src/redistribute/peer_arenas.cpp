// One PeerMemory for the n-th arenas of all ranks.
#include "redistribute/peer_arenas.hpp"

#include <algorithm>

#include "parallel/all_gathered.hpp"

namespace distload {

PeerArenas::PeerArenas(Communicator& node, std::uint32_t rank, std::span<std::shared_ptr<Arena> const> arenas) {
  auto const numbers = all_gathered(node, rank);
  auto const counts = all_gathered(node, std::uint64_t{arenas.size()});
  for (std::size_t i = 0; i < *std::ranges::max_element(counts); ++i) {
    bool const has = i < arenas.size();
    auto const own = has ? std::span(arenas[i]->data(), arenas[i]->nbytes()) : std::span<std::byte>();
    auto const sizes = all_gathered(node, has ? arena_span(*arenas[i]) : Bytes{0});
    memory_.emplace_back(node, rank, own);
    for (std::size_t member = 0; member < numbers.size(); ++member) {
      auto& begins = begins_[numbers[member]];
      if (begins.empty()) begins.push_back(0);
      begins.push_back(begins.back() + sizes[member]);
    }
  }
}

void PeerArenas::read(std::uint32_t rank, std::span<PeerRead> reads) const {
  if (reads.empty()) return;
  auto const& begins = begins_.at(rank);
  auto const behind = std::ranges::upper_bound(begins, reads.front().offset_bytes);
  auto const arena = std::min(static_cast<std::size_t>(behind - begins.begin()) - 1, memory_.size() - 1);
  for (auto& part : reads) part.offset_bytes -= begins[arena];
  memory_[arena].read(rank, reads);
}

}  // namespace distload
