// Exchanges handles, and opens them.
#include "load/device_peers.hpp"

#include <span>
#include <vector>

#include <distload/base/error.hpp>

#include "parallel/all_gathered.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/on_all.hpp"

namespace distload {
namespace {

struct Entry {
  std::uint32_t rank = 0;
  MemoryHandle handle;
};

/// Collective: the memory of the other ranks.
std::map<std::uint32_t, DeviceMemory> opened(Communicator& node, std::uint32_t rank, Device& device,
                                             std::function<MemoryHandle()> const& own) {
  auto const mine = all_or_throw(node, "peers", [&] { return Entry{rank, own()}; });
  auto const all = all_gathered(node, mine);
  return all_or_throw(node, "peers", [&] {
    std::map<std::uint32_t, DeviceMemory> memory;
    for (auto const& entry : all) {
      if (entry.rank != rank) memory.emplace(entry.rank, device.open(entry.handle));
    }
    return memory;
  });
}

}  // namespace

DevicePeers::DevicePeers(Communicator& node, std::uint32_t job_rank, Device& device, Arena const& own)
    : arenas_(opened(node, job_rank, device, [&] { return own.handle(); })) {}

std::optional<std::string> why_not_device_peers(Communicator& node, Device& device) {
  auto const rank = node.rank();
  // Rank r writes to byte r of the memory of every rank.
  auto const written = [&](std::uint32_t by) { return std::byte(by % 255U + 1U); };
  std::vector<std::byte> found(node.size());
  try {
    auto const own = all_or_throw(node, "peers", [&] { return device.allocate(node.size()); });
    {
      auto const peers = opened(node, rank, device, [&] { return own.handle(); });
      all_or_throw(node, "peers", [&] {
        auto const stream = device.make_stream();
        auto const value = written(rank);
        for (auto const& [peer, memory] : peers) stream->copy(memory.data() + rank, &value, 1);
        stream->synchronize();
      });
      all_or_throw(node, "peers", [&] {
        auto const stream = device.make_stream();
        stream->copy(found.data(), own.data(), found.size());
        stream->synchronize();
      });
    }
    // All ranks have closed the memory before its owner frees it.
    node.barrier();
  } catch (Error const& error) {
    return error.what();
  }
  bool is_wrong = false;
  for (std::uint32_t peer = 0; peer < node.size(); ++peer) {
    if (peer != rank && found[peer] != written(peer)) is_wrong = true;
  }
  if (is_on_any(node, is_wrong)) return "what a rank writes to another device's memory does not arrive";
  return std::nullopt;
}

}  // namespace distload
