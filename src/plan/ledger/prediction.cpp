// Adds reading and exchange, less their overlap.
#include "plan/ledger/prediction.hpp"

#include <algorithm>

namespace distload {

Prediction predict(LoadPlan const& plan, std::uint32_t wave_count, PlanOptions const& options) {
  auto const& cost = options.cost;
  std::uint64_t requests = 0;
  Bytes travelling = 0;
  for (auto const& load : plan.ranks) {
    requests = std::max(requests, load.requests);
    travelling = std::max({travelling, load.sent_bytes, load.received_bytes});
  }
  auto const waves = static_cast<double>(wave_count);
  auto const cold = 1 - options.resident;
  auto const seconds_per_byte = options.resident / cost.cache_bandwidth + cold / cost.storage_bandwidth;
  Prediction predicted;
  predicted.read_seconds = static_cast<double>(plan.storage_read_bytes) * seconds_per_byte +
                           cold * cost.storage_latency_seconds +
                           static_cast<double>(requests) * cost.request_overhead_seconds;
  if (plan.has_messages) {
    predicted.exchange_seconds =
        static_cast<double>(travelling) / cost.link_bandwidth + waves * cost.link_latency_seconds;
  }
  // With two slots, the shorter phase overlaps with the longer one except for one wave's share.
  auto const longer = std::max(predicted.read_seconds, predicted.exchange_seconds);
  auto const shorter = std::min(predicted.read_seconds, predicted.exchange_seconds);
  predicted.total_seconds = longer + (plan.slots > 1 ? shorter / std::max(1.0, waves) : shorter);
  return predicted;
}

}  // namespace distload
