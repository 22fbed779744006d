// Gathers the values of every rank and writes them as JSON.
#include <distload/load/report.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/process_memory.hpp"
#include "checkpoint/packed_shape.hpp"
#include "load/arena.hpp"
#include "load/report_head.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {
namespace {

std::uint64_t hash_of(ShardedModel const& model, Shard const& shard) {
  auto const bytes = model.bytes(shard);
  // Host memory is hashed in place; device memory is copied to the host first.
  auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), bytes);
  return xxh3_64({host.data(), host.size()});
}

/// Number of zero rows at the end of the shard.
std::uint64_t padded_rows_of(Shard const& shard) {
  if (shard.partition.kind != PartitionKind::vocab_parallel) return 0;
  auto const axis = shard.partition.axis;
  return shard.shape[axis] - (shard.layout.pieces.empty() ? 0 : shard.layout.pieces.front().global.extent[axis]);
}

Json tensors_of(ProcessGrid const& grid, ShardedModel const& model) {
  auto tensors = Json::array();
  for (auto const& shard : model.shards()) {
    auto const shape = shape_in_numbers(shard.dtype, shard.shape);
    Json tensor{{"name", shard.name},
                {"rank", grid.rank()},
                {"dtype", name_of(shard.dtype)},
                {"shape", std::vector<std::uint64_t>(shape.begin(), shape.end())},
                {"xxh3_64", format_hash(hash_of(model, shard))}};
    if (auto const rows = padded_rows_of(shard); rows > 0) tensor["padded_rows"] = rows;
    if (shard.added_once) tensor["added_once"] = true;
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

Json phases_of(LoadTimes const& times) {
  Json phases{{"open", times.open_seconds},  {"partition", times.partition_seconds},
              {"plan", times.plan_seconds},  {"allocate", times.allocate_seconds},
              {"read", times.read_seconds},  {"exchange", times.exchange_seconds},
              {"place", times.place_seconds}};
  if (times.upload_seconds > 0) phases["upload"] = times.upload_seconds;
  return phases;
}

Json pages_of(PagesInUse const& pages) {
  return {{"kind", word_of(pages.kind)}, {"bytes_per_second", pages.bytes_per_second}, {"reason", pages.reason}};
}

Json rank_of_report(ProcessGrid const& grid, LoadPlan const& plan, LoadResult const& loaded) {
  auto const& at = grid.coordinates();
  auto const& times = loaded.times;
  auto const resident = loaded.model.resident_bytes();
  auto const peak = peak_resident_bytes().value_or(0);
  auto const& load = plan.ranks[plan.rank];
  return {{"rank", grid.rank()},
          {"host", grid.host_name()},
          {"tensor", at.tensor},
          {"data", at.data},
          {"pipeline", at.pipeline},
          {"phases", phases_of(times)},
          {"bytes",
           {{"storage_read", times.read_bytes},
            {"deferred", times.deferred_bytes},
            {"sent", load.sent_bytes},
            {"received", load.received_bytes},
            {"resident", resident}}},
          {"memory",
           {{"resident", resident},
            {"staging_peak", plan.slots * plan.slot_bytes},
            {"fresh_touched", times.fresh_bytes},
            // On a device the arena is not part of the process's resident set.
            {"overhead_peak", kArenaOnHost ? peak - std::min(peak, resident) : peak}}},
          {"pages", pages_of(times.pages)}};
}

/// The largest value of ranks[i][group][key].
template <class T>
T largest(Json const& ranks, char const* group, char const* key) {
  T value{};
  for (auto const& rank : ranks) value = std::max(value, rank[group][key].get<T>());
  return value;
}

Bytes sum(Json const& ranks, char const* key) {
  Bytes total = 0;
  for (auto const& rank : ranks) total += rank["bytes"][key].get<Bytes>();
  return total;
}

/// What the ranks of each node read together.
Json nodes_of(ProcessGrid const& grid, Json const& ranks) {
  auto const& node_of = grid.node_of();
  std::vector<Json> nodes;
  for (std::size_t rank = 0; rank < node_of.size(); ++rank) {
    if (nodes.size() <= node_of[rank]) nodes.resize(node_of[rank] + std::size_t{1});
    auto& node = nodes[node_of[rank]];
    if (node.is_null()) node = {{"host", ranks[rank]["host"]}, {"ranks", 0}, {"storage_read", 0}, {"deferred", 0}};
    node["ranks"] = node["ranks"].get<std::uint64_t>() + 1;
    for (auto const* const key : {"storage_read", "deferred"}) {
      node[key] = node[key].get<Bytes>() + ranks[rank]["bytes"][key].get<Bytes>();
    }
  }
  return nodes;
}

}  // namespace

std::string make_report(ProcessGrid const& grid, OpenedCheckpoint const& checkpoint, LoadPlan const& plan,
                        LoadResult const& loaded, bool tensors) {
  // Each rank makes its part as JSON text; rank 0 joins the parts.
  auto const part = all_or_throw(grid.world(), "report", [&] {
    Json own = rank_of_report(grid, plan, loaded);
    return json_text(
        Json{{"rank", std::move(own)}, {"tensors", tensors ? tensors_of(grid, loaded.model) : Json::array()}});
  });
  auto const parts = gather_messages(grid.world(), std::as_bytes(std::span(part)), 0);
  return all_or_throw(grid.world(), "report", [&]() -> std::string {
    if (grid.rank() != 0) return {};
    auto ranks = Json::array();
    auto all_tensors = Json::array();
    for (auto const& bytes : parts) {
      auto message = Json::parse(reinterpret_cast<char const*>(bytes.data()),
                                 reinterpret_cast<char const*>(bytes.data()) + bytes.size());
      ranks.push_back(std::move(message["rank"]));
      for (auto& tensor : message["tensors"]) all_tensors.push_back(std::move(tensor));
    }

    auto const& catalog = checkpoint.catalog;
    auto phases = Json::object();
    for (auto const& rank : ranks) {
      for (auto const& [name, seconds] : rank["phases"].items()) {
        phases[name] = std::max(phases.value(name, 0.0), seconds.get<double>());
      }
    }
    auto const read = sum(ranks, "storage_read");
    auto warnings = catalog.warnings;
    warnings.insert(warnings.end(), checkpoint.layout.warnings.begin(), checkpoint.layout.warnings.end());

    auto report = report_head(grid, checkpoint);
    report.update(Json{
        {"engine", word_of(loaded.engine.name)},
        {"engine_reason", loaded.engine.reason},
        {"phases", std::move(phases)},
        {"seconds", loaded.times.total_seconds},
        {"predicted_seconds", plan.predicted.total_seconds},
        {"predicted_phases", predicted_phases_of(plan.predicted)},
        {"predicted_limit", plan.predicted.limit().name},
        {"bytes",
         {{"checkpoint", catalog.nbytes()},
          {"storage_read", read},
          {"deferred", sum(ranks, "deferred")},
          {"exchanged", sum(ranks, "sent")},
          {"resident", sum(ranks, "resident")}}},
        {"read_amplification",
         plan.requested_bytes == 0 ? 1.0 : static_cast<double>(read) / static_cast<double>(plan.requested_bytes)},
        {"memory",
         {{"resident", largest<Bytes>(ranks, "memory", "resident")},
          {"staging_peak", largest<Bytes>(ranks, "memory", "staging_peak")},
          {"overhead_peak", largest<Bytes>(ranks, "memory", "overhead_peak")},
          {"fresh_touched", largest<Bytes>(ranks, "memory", "fresh_touched")}}},
        {"pages", ranks.front()["pages"]},
        {"overflows", loaded.times.overflows},
        {"nodes", nodes_of(grid, ranks)},
        {"warnings", std::move(warnings)},
        {"ranks", std::move(ranks)},
    });
    if (tensors) report["tensors"] = std::move(all_tensors);
    return json_text(report, 2) + "\n";
  });
}

}  // namespace distload
