// Converts in rounds of independent work.
#include "save/stream/convert_checkpoint.hpp"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <Kokkos_Profiling_ScopedRegion.hpp>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "io/engines/choose_engine.hpp"
#include "io/engines/direct_engine.hpp"
#include "io/engines/make_engine.hpp"
#include "io/engines/stream_reader.hpp"
#include "io/files/preflight.hpp"
#include "parallel/all_or_throw.hpp"
#include "partition/dtype_in_memory.hpp"
#include "save/stream/stream_converter.hpp"
#include "save/stream/stream_plan.hpp"
#include "save/stream/stream_tensor.hpp"
#include "tensor/kernels/host_concurrency.hpp"

namespace distload {
namespace {

/// Bytes that a rank reads and writes in one round; after it the ranks exchange failures, which also shows progress.
constexpr Bytes kMaxRoundBytes = 2 * kGiB;

EngineInUse choose(ReadEngine configured, Catalog const& catalog, Communicator& ranks) {
  auto choice = choose_engine(configured, probe_storage(configured, catalog, ranks, true));
  if (choice.name == ReadEngine::direct || choice.name == ReadEngine::buffered) return choice;
  return {ReadEngine::buffered, choice.reason + "; " + std::string(word_of(choice.name)) + " does not read in order"};
}

Bytes cost_of(std::span<StreamPiece const> pieces) {
  Bytes cost = 0;
  for (auto const& piece : pieces) cost += piece.cost_bytes;
  return cost;
}

/// The sum of the first `part` of `parts` equal parts of `whole`.
Bytes share_of(Bytes whole, std::uint64_t part, std::uint64_t parts) {
  return whole / parts * part + whole % parts * part / parts;
}

}  // namespace

std::vector<TensorSpec> converted_tensors(OpenedCheckpoint const& checkpoint, std::optional<DType> dtype) {
  std::vector<TensorSpec> specs;
  for (auto const& parameter : checkpoint.layout.parameters) {
    auto const& tensor = checkpoint.catalog.tensors[parameter.tensor];
    if (parameter.transposed)
      throw ConfigError("load.transpose: '" + printable(tensor.name) + "' cannot be transposed while it is streamed");
    for (auto& part : stored_parts(parameter, tensor)) {
      specs.push_back({std::move(part.name), dtype_in_memory(parameter, tensor.dtype, dtype), part.shape,
                       std::move(part.partition)});
    }
  }
  std::ranges::sort(specs, {}, &TensorSpec::name);
  return specs;
}

Bytes converted_bytes(OpenedCheckpoint const& checkpoint, std::optional<DType> dtype) noexcept {
  Bytes nbytes = 0;
  for (auto const& parameter : checkpoint.layout.parameters) {
    auto const& tensor = checkpoint.catalog.tensors[parameter.tensor];
    nbytes += volume(tensor.shape) * size_of(dtype_in_memory(parameter, tensor.dtype, dtype));
  }
  return nbytes;
}

ConvertResult convert_checkpoint(OpenedCheckpoint const& checkpoint, ExtentWriter& writer,
                                 ConvertOptions const& options, Communicator& ranks) {
  Kokkos::Profiling::ScopedRegion const region("distload::convert_checkpoint");
  auto const& stored = checkpoint.stored_catalog();
  ConvertResult result{choose(options.engine, stored, ranks), 0, 0};
  InputFiles files(stored, caching_of(result.engine.name));
  // Files are only checked here: this rank's share is not known yet. The engine opens the few that this rank reads.
  all_or_throw(ranks, "open", [&] { preflight(files, std::vector<bool>(stored.files.size())); });
  auto const threads = host_concurrency();
  auto const engine = make_engine(result.engine.name, std::move(files), ranks,
                                  {.threads = threads, .ranks_of_node = options.ranks_of_node});

  StreamTensors const tensors(checkpoint.catalog, checkpoint.layout, writer.catalog(), options.verify);
  auto const shares = all_or_throw(ranks, "stream_plan", [&] { return share_out(tensors, ranks.size()); });
  StreamReader reader(stored, *engine, options.verify);
  auto const engines_own = result.engine.name == ReadEngine::direct ? DirectEngine::kMemoryBytes : 0;
  auto const converter = all_or_throw(ranks, "stream_allocate", [&] {
    auto const extents = checkpoint.stored ? std::span(checkpoint.stored->extents) : std::span<std::uint32_t const>();
    return std::make_unique<StreamConverter>(tensors, shares[ranks.rank()], reader, extents, writer,
                                             options.staging_bytes - std::min(options.staging_bytes, engines_own));
  });
  Bytes most = 0;
  for (auto const& share : shares) most = std::max(most, cost_of(share));
  auto const own = cost_of(shares[ranks.rank()]);
  auto const rounds = std::max<Bytes>(1, divide_up(most, kMaxRoundBytes));
  for (Bytes round = 1; round <= rounds; ++round) {
    all_or_throw(ranks, "stream", [&] { converter->advance_to(share_of(own, round, rounds), options.on_progress); });
  }
  result.read_bytes = converter->read_bytes();
  std::vector<std::uint64_t> overflows{converter->overflows()};
  ranks.all_reduce(std::span<std::uint64_t>(overflows), Reduction::sum);
  result.overflows = overflows.front();
  return result;
}

}  // namespace distload
