// Decides for `load.engine: auto`.
#include "io/engines/choose_engine.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include <fmt/core.h>

#include <distload/base/error.hpp>

#include "io/engines/direct_engine.hpp"
#include "io/files/residency.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/mpi_communicator.hpp"

namespace distload {
namespace {

/// From this share on, reading through the page cache is faster than bypassing it: the page cache is four to ten times
/// as fast as storage, and reading through an empty one is half as fast as bypassing it.
constexpr double kMostlyResident = 0.5;

}  // namespace

StorageFacts probe_storage(ReadEngine configured, Catalog const& catalog, Communicator& world, bool looks_at_cache) {
  StorageFacts facts;
  facts.format = catalog.format;
  facts.has_mpi = uses_mpi(world);
  if (!catalog.files.empty()) facts.file_system = file_system_of(catalog.files.front().path);
  auto const resident = all_or_throw(world, "plan", [&]() -> std::optional<double> {
    if (configured == ReadEngine::direct) return std::nullopt;
    return looks_at_cache ? resident_share(catalog) : 1;
  });
  if (configured == ReadEngine::automatic || configured == ReadEngine::direct)
    facts.why_not_direct = why_not_direct(catalog);
  // The minimum over all ranks of: is the share known (1 or 0), the share, is direct reading possible (1 or 0).
  std::vector<double> least{resident ? 1.0 : 0.0, resident.value_or(0), facts.why_not_direct ? 0.0 : 1.0};
  world.all_reduce(std::span<double>(least), Reduction::min);
  if (least[0] > 0) facts.resident = least[1];
  if (least[2] == 0 && !facts.why_not_direct) facts.why_not_direct = "another rank cannot";
  return facts;
}

EngineInUse choose_engine(ReadEngine configured, StorageFacts const& facts) {
  if (configured == ReadEngine::direct && facts.why_not_direct)
    return {ReadEngine::buffered, "direct is not possible: " + *facts.why_not_direct};
  if (configured == ReadEngine::collective && !facts.has_mpi)
    throw ConfigError("load.engine: collective reads with MPI, by which these ranks do not communicate");
  if (configured != ReadEngine::automatic) return {configured, "configured"};

  auto reason = std::string(facts.format == SourceFormat::hdf5 ? "HDF5" : "safetensors") + " on " +
                (facts.file_system.name.empty() ? "an unknown file system" : facts.file_system.name);
  reason += facts.resident ? fmt::format(", {:.0f} % of it in the page cache", 100 * *facts.resident)
                           : ", an unknown part of it in the page cache";
  if (facts.resident.value_or(0) >= kMostlyResident)
    return {facts.can_be_mapped ? ReadEngine::mmap : ReadEngine::buffered, reason};
  if (facts.can_be_mapped && facts.memory_limit && facts.shard_bytes > *facts.memory_limit)
    return {ReadEngine::mmap, reason + ", more than fits into memory a second time"};
  if (facts.file_system.is_shared)
    return {facts.format == SourceFormat::hdf5 && facts.has_mpi ? ReadEngine::collective : ReadEngine::buffered,
            reason};
  if (facts.why_not_direct)
    return {ReadEngine::buffered, reason + "; direct is not possible: " + *facts.why_not_direct};
  return {ReadEngine::direct, reason};
}

}  // namespace distload
