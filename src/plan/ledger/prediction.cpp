// Adds the stages of a load, less their overlap.
#include "plan/ledger/prediction.hpp"

#include <algorithm>
#include <map>

namespace distload {
namespace {

/// The bytes of the rank that is busiest with each stage.
struct Busiest {
  std::uint64_t requests = 0;
  Bytes messages = 0;       ///< sent or received; with devices, between nodes
  Bytes upload = 0;         ///< to one device
  Bytes peer_stores = 0;    ///< to memory of other ranks of the node or, of devices, from them
  Bytes device_memory = 0;  ///< read and written in the memory of one device
};

/// Traffic in the memory of a rank's device. Written: uploaded bytes, packed messages, received messages, and shards.
/// Read again: what the rank places in its shards and stores to other devices of its node, and each message twice.
Bytes memory_traffic(RankLoad const& load) {
  auto const sent = load.sent_bytes - load.sent_on_node_bytes;
  auto const received = load.received_bytes - load.received_on_node_bytes;
  auto const own = load.resident_bytes - std::min(load.resident_bytes, load.received_bytes);
  return load.read_bytes + load.resident_bytes + own + load.sent_on_node_bytes + 3 * sent + 2 * received;
}

Busiest busiest_of(LoadPlan const& plan, bool on_host) {
  Busiest busiest;
  for (auto const& load : plan.ranks) {
    auto const sent_on_node = load.sent_on_node_bytes;
    auto const received_on_node = load.received_on_node_bytes;
    busiest.requests = std::max(busiest.requests, load.requests);
    busiest.messages =
        std::max({busiest.messages, load.sent_bytes - sent_on_node, load.received_bytes - received_on_node});
    busiest.peer_stores = std::max(busiest.peer_stores, sent_on_node);
    if (on_host) continue;
    busiest.upload = std::max(busiest.upload, load.read_bytes);
    busiest.peer_stores = std::max(busiest.peer_stores, received_on_node);
    busiest.device_memory = std::max(busiest.device_memory, memory_traffic(load));
  }
  return busiest;
}

/// The most bytes that the ranks of one node read.
Bytes most_read_by_a_node(LoadPlan const& plan, PlanOptions const& options) {
  if (options.node_of.empty()) return plan.storage_read_bytes;
  std::map<std::uint32_t, Bytes> read;
  for (std::size_t rank = 0; rank < plan.ranks.size(); ++rank) {
    read[options.node_of[rank]] += plan.ranks[rank].read_bytes;
  }
  return std::ranges::max_element(read, {}, [](auto const& node) { return node.second; })->second;
}

/// Seconds until storage has given all bytes that are not in the page cache: to all ranks, and to the busiest node.
double storage_seconds(LoadPlan const& plan, PlanOptions const& options) {
  auto const& cost = options.cost;
  auto const all = static_cast<double>(plan.storage_read_bytes) / cost.storage_bandwidth;
  if (!cost.node_storage_bandwidth) return all;
  return std::max(all, static_cast<double>(most_read_by_a_node(plan, options)) / *cost.node_storage_bandwidth);
}

/// New host memory of the ranks of the busiest node: shards, except for what stays in the page cache, and staging.
Bytes most_memory_of_a_node(LoadPlan const& plan, PlanOptions const& options) {
  std::map<std::uint32_t, Bytes> needed;
  for (std::size_t rank = 0; rank < plan.ranks.size(); ++rank) {
    needed[options.node_of.empty() ? 0 : options.node_of[rank]] += plan.needed_bytes(plan.ranks[rank]);
  }
  return needed.empty() ? 0
                        : std::ranges::max_element(needed, {}, [](auto const& node) { return node.second; })->second;
}

/// Seconds of reading what is in the page cache. Of mapped files, only what is verified or copied is read.
double cache_seconds(LoadPlan const& plan, PlanOptions const& options) {
  auto const& cost = options.cost;
  if (!options.files_are_mapped) return static_cast<double>(plan.storage_read_bytes) / cost.cache_bandwidth;
  Bytes copied = 0;
  for (auto const& load : plan.ranks) copied += load.resident_bytes - load.view_bytes;
  auto const verified = options.verifies ? static_cast<double>(plan.storage_read_bytes) / cost.mapped_bandwidth : 0;
  return verified + static_cast<double>(copied) / cost.cache_bandwidth;
}

}  // namespace

Bytes LoadPlan::needed_bytes() const noexcept {
  Bytes most = 0;
  for (auto const& load : ranks) most = std::max(most, needed_bytes(load));
  return most;
}

std::array<Prediction::Stage, 6> Prediction::stages() const noexcept {
  return {{{"read", read_seconds},
           {"memory", memory_seconds},
           {"upload", upload_seconds},
           {"peers", peer_seconds},
           {"exchange", exchange_seconds},
           {"place", place_seconds}}};
}

Prediction::Stage Prediction::limit() const noexcept {
  auto const all = stages();
  return *std::ranges::max_element(all, {}, &Stage::seconds);
}

Prediction predict(LoadPlan const& plan, std::uint32_t wave_count, PlanOptions const& options) {
  auto const& cost = options.cost;
  auto const busiest = busiest_of(plan, options.arena_on_host);
  auto const waves = static_cast<double>(wave_count);
  auto const cold = 1 - options.resident;
  Prediction predicted;
  predicted.read_seconds = cache_seconds(plan, options) * options.resident +
                           cold * (storage_seconds(plan, options) + cost.storage_latency_seconds) +
                           static_cast<double>(busiest.requests) * cost.request_overhead_seconds;
  if (options.arena_on_host && options.places.empty()) {
    predicted.memory_seconds = static_cast<double>(most_memory_of_a_node(plan, options)) / cost.memory_bandwidth;
  }
  predicted.upload_seconds = static_cast<double>(busiest.upload) / cost.upload_bandwidth;
  predicted.peer_seconds = static_cast<double>(busiest.peer_stores) / cost.peer_bandwidth;
  if (plan.has_messages && (options.arena_on_host || busiest.messages > 0)) {
    predicted.exchange_seconds =
        static_cast<double>(busiest.messages) / cost.link_bandwidth + waves * cost.link_latency_seconds;
  }
  predicted.place_seconds = static_cast<double>(busiest.device_memory) / cost.device_memory_bandwidth;

  // With two slots, the other stages overlap with the slowest one except for one wave's share. The threads that read
  // also populate the memory that they read to, and on the host copy to other ranks, so that these do not overlap.
  auto const reading =
      predicted.read_seconds + predicted.memory_seconds + (options.arena_on_host ? predicted.peer_seconds : 0);
  auto const slowest = std::max(reading, predicted.limit().seconds);
  double others = -slowest;
  for (auto const& stage : predicted.stages()) others += stage.seconds;
  predicted.total_seconds = slowest + (plan.slots > 1 ? others / std::max(1.0, waves) : others);
  return predicted;
}

}  // namespace distload
