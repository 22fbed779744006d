// The rule behind `load.engine: auto`.
#include "io/engines/choose_engine.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "io/engines/direct_engine.hpp"
#include "io/files/residency.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {
namespace {

/// From here on, reading through the page cache is faster than reading past it: page cache is four to ten times as fast
/// as storage, and reading through it is half as fast where it is empty.
constexpr double kMostlyResident = 0.5;

}  // namespace

StorageFacts probe_storage(ReadEngine configured, Catalog const& catalog, Communicator& world, bool looks_at_cache) {
  StorageFacts around;
  around.format = catalog.format;
  if (!catalog.files.empty()) around.file_system = file_system_of(catalog.files.front().path);
  auto const resident = all_or_throw(world, "plan", [&]() -> std::optional<double> {
    if (configured == ReadEngine::direct) return std::nullopt;
    return looks_at_cache ? resident_share(catalog) : 1;
  });
  if (configured == ReadEngine::automatic || configured == ReadEngine::direct)
    around.why_not_direct = why_not_direct(catalog);
  // The least of all: whether it is known, how much it is, whether direct reading is possible.
  std::vector<double> least{resident ? 1.0 : 0.0, resident.value_or(0), around.why_not_direct ? 0.0 : 1.0};
  world.all_reduce(std::span<double>(least), Reduction::min);
  if (least[0] > 0) around.resident = least[1];
  if (least[2] == 0 && !around.why_not_direct) around.why_not_direct = "another rank cannot";
  return around;
}

EngineInUse choose_engine(ReadEngine configured, StorageFacts const& around) {
  if (configured == ReadEngine::direct && around.why_not_direct)
    return {ReadEngine::buffered, "direct is not possible: " + *around.why_not_direct};
  if (configured != ReadEngine::automatic) return {configured, "configured"};

  auto reason = std::string(around.format == SourceFormat::hdf5 ? "HDF5" : "safetensors") + " on " +
                (around.file_system.name.empty() ? "an unknown file system" : around.file_system.name);
  if (around.resident) reason += fmt::format(", {:.0f} % of it in the page cache", 100 * *around.resident);
  if (around.resident.value_or(0) >= kMostlyResident)
    return {around.can_be_mapped ? ReadEngine::mmap : ReadEngine::buffered, reason};
  if (around.can_be_mapped && around.memory_limit && around.shard_bytes > *around.memory_limit)
    return {ReadEngine::mmap, reason + ", more than fits into memory a second time"};
  if (around.file_system.is_shared)
    return {around.format == SourceFormat::hdf5 ? ReadEngine::collective : ReadEngine::buffered, reason};
  if (around.why_not_direct)
    return {ReadEngine::buffered, reason + "; direct is not possible: " + *around.why_not_direct};
  return {around.resident ? ReadEngine::direct : ReadEngine::buffered, reason};
}

}  // namespace distload
