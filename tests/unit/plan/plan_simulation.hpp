/// Runs the plans of all ranks in one process, on made-up storage, and compares every shard with a cut made element by
/// element.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "plan/make_plan.hpp"
#include "plan/rank_work.hpp"

namespace distload::testing {

/// The bytes of every extent, such that element i of tensor t holds a value that no other element near it holds.
std::vector<std::vector<std::byte>> make_storage(Catalog const& catalog);

/// Executes `plans` (one per rank) on `storage`: reads, packs, sends, receives, places, wave by wave.
/// @returns each rank's arena. Adds what is wrong with the plans themselves (message mismatch, slot overflow, reads
/// that cut blocks) to `faults`.
std::vector<std::vector<std::byte>> simulate(Catalog const& catalog, std::vector<LoadPlan> const& plans,
                                             std::vector<std::vector<std::byte>> const& storage, Bytes staging_bytes,
                                             std::vector<std::string>& faults);

/// The shard that `shard` should hold, element by element from the tensor's definition.
std::vector<std::byte> expected_shard(Catalog const& catalog, Parameter const& parameter, PlannedShard const& shard);

}  // namespace distload::testing
