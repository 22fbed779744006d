// Messages whose length only the sender knows, for any Communicator in host memory.
#include <distload/parallel/communicator.hpp>

#include <cassert>

#include "parallel/all_gathered.hpp"

namespace distload {

std::vector<std::byte> broadcast_message(Communicator& ranks, std::vector<std::byte> bytes, std::uint32_t root) {
  assert(!ranks.serves_device_memory());
  std::uint64_t size = bytes.size();
  ranks.broadcast(std::as_writable_bytes(std::span(&size, 1)), root);
  bytes.resize(size);
  ranks.broadcast(bytes, root);
  return bytes;
}

std::vector<std::vector<std::byte>> gather_messages(Communicator& ranks, std::span<std::byte const> bytes,
                                                    std::uint32_t root) {
  assert(!ranks.serves_device_memory());
  auto const sizes = all_gathered(ranks, std::uint64_t{bytes.size()});

  if (ranks.rank() != root) {
    Send const send{root, bytes.data(), bytes.size()};
    ranks.exchange(std::span(&send, 1), {});
    return {};
  }
  std::vector<std::vector<std::byte>> messages(ranks.size());
  std::vector<Receive> receives;
  for (std::uint32_t rank = 0; rank < ranks.size(); ++rank) {
    if (rank == root) {
      messages[rank].assign(bytes.begin(), bytes.end());
      continue;
    }
    messages[rank].resize(sizes[rank]);
    receives.push_back({rank, messages[rank].data(), messages[rank].size()});
  }
  ranks.exchange({}, receives);
  return messages;
}

}  // namespace distload
