// Adds bytes by rank, or by set of ranks if all of a set have the same.
#include "plan/ledger/ledger.hpp"

#include <algorithm>
#include <utility>

#include <distload/base/error.hpp>

#include "base/text.hpp"

namespace distload {
namespace {

/// Bytes of mapped files that a rank verifies before they are copied.
constexpr Bytes kMappedWaveBytes = 8 * kMiB;

Bytes slot_limit_of(PlanOptions const& options, Bytes block_bytes) {
  return options.files_are_mapped ? std::max(kMappedWaveBytes, block_bytes) : options.staging_bytes;
}

[[noreturn]] void throw_no_room(StagingNeed const& need, Bytes limit, std::string const& tensor) {
  throw OutOfBudget("one piece of " + printable(tensor) + " needs " + format_bytes(need.nbytes) +
                    " of staging on rank " + std::to_string(need.ranks.front()) + ", but load.staging is " +
                    format_bytes(limit) + ": " + format_bytes(need.nbytes - limit) + " short; set load.staging to " +
                    std::to_string(need.nbytes) + " B or more");
}

}  // namespace

Ledger::Ledger(PlanRequest const& request)
    : loads_(request.topology.ranks()),
      read_bytes_(request.topology.ranks()),
      senders_parts_(request.topology.ranks()),
      has_staging_(!request.options.files_are_mapped),
      scheduler_(request.topology.ranks(), slot_limit_of(request.options, request.catalog.block_bytes)) {}

void Ledger::count_shard(RankSetId holders, Bytes nbytes, bool may_be_view) {
  auto& bytes = bytes_of(holders);
  bytes.resident += nbytes;
  if (may_be_view) bytes.views += nbytes;
}

std::uint32_t Ledger::wave_of_node_read(std::uint32_t reader, Bytes nbytes) {
  if (has_staging_) return scheduler_.current(reader);
  StagingNeed const need{.ranks = {&reader, 1}, .nbytes = std::min(nbytes, scheduler_.slot_limit())};
  return scheduler_.place({&need, 1});
}

std::uint32_t Ledger::wave_of_staged_work(std::span<StagingNeed const> needs, std::string const& tensor) {
  auto const& worst = *std::ranges::max_element(needs, {}, &StagingNeed::nbytes);
  if (worst.nbytes > scheduler_.slot_limit()) throw_no_room(worst, scheduler_.slot_limit(), tensor);
  return scheduler_.place(needs);
}

void Ledger::add_bytes_of_sets(RankSets const& sets) {
  for (RankSetId set = 0; set < set_bytes_.size(); ++set) {
    for (auto const rank : sets[set]) {
      loads_[rank].resident_bytes += set_bytes_[set].resident;
      loads_[rank].view_bytes += set_bytes_[set].views;
      loads_[rank].received_bytes += set_bytes_[set].received;
    }
  }
}

void Ledger::write_totals(RankSets const& sets, LoadPlan& plan) && {
  add_bytes_of_sets(sets);
  for (std::uint32_t rank = 0; rank < loads_.size(); ++rank) {
    auto& load = loads_[rank];
    load.received_bytes -= senders_parts_[rank];
    load.read_bytes = read_bytes_[rank];
    load.staging_bytes = has_staging_ ? scheduler_.peak_bytes(rank) : 0;
    plan.storage_read_bytes += load.read_bytes;
    plan.exchanged_bytes += load.sent_bytes;
  }
  plan.ranks = std::move(loads_);
  plan.has_messages = message_bytes_ > 0;
  plan.writes_to_peers = plan.exchanged_bytes > message_bytes_;
}

}  // namespace distload
