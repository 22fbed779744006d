// distload-verify: compares every block of a checkpoint with its checksum, shared out over the ranks of mpirun.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include <distload/base/error.hpp>
#include <distload/checkpoint/checkpoint.hpp>
#include <distload/parallel/mpi_environment.hpp>

#include "app/parse_arguments.hpp"
#include "base/huge_pages.hpp"
#include "io/buffered_engine.hpp"
#include "io/preflight.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/run_job.hpp"

namespace distload {
namespace {

struct Arguments {
  std::string path;
  std::optional<std::uint64_t> step;
};

/// What one rank found.
struct Findings {
  std::vector<std::string> damage;  ///< one complete sentence per damaged block
  Bytes verified_bytes = 0;
  Bytes unverified_bytes = 0;
};

Findings verify_share(Catalog const& catalog, std::uint32_t rank, std::uint32_t ranks) {
  preflight(catalog);
  BufferedEngine engine(catalog, {});
  HugePages const block(catalog.block_bytes);
  Findings findings;
  std::uint64_t number = 0;  // of the block in the whole checkpoint: neighbours go to different ranks
  for (std::uint32_t extent = 0; extent < catalog.extents.size(); ++extent) {
    auto const& stored = catalog.extents[extent];
    for (Bytes begin = 0; begin < stored.nbytes; begin += catalog.block_bytes) {
      if (number++ % ranks != rank) continue;
      auto const nbytes = std::min(catalog.block_bytes, stored.nbytes - begin);
      if (!stored.has_checksums()) {
        findings.unverified_bytes += nbytes;
        continue;
      }
      ReadRequest const request{extent, begin, nbytes, block.data()};
      try {
        engine.read(std::span(&request, 1), {});
        findings.verified_bytes += nbytes;
      } catch (CorruptData const& damage) {
        findings.damage.emplace_back(damage.what());
      }
    }
  }
  return findings;
}

ExitCode verify(MpiEnvironment& mpi, Arguments const& arguments) {
  auto& world = mpi.world();
  auto message = all_or_throw(world, "open", [&] {
    return world.rank() == 0 ? serialize(open_checkpoint(arguments.path, arguments.step)) : std::vector<std::byte>{};
  });
  message = broadcast_message(world, std::move(message), 0);
  auto const catalog = deserialize_catalog(message);
  auto const findings =
      all_or_throw(world, "verify", [&] { return verify_share(catalog, world.rank(), world.size()); });

  std::vector<std::uint64_t> sums{findings.damage.size(), findings.verified_bytes, findings.unverified_bytes};
  world.all_reduce(std::span<std::uint64_t>(sums), Reduction::sum);
  std::string text;
  for (auto const& damage : findings.damage) text += damage + "\n";
  auto const texts = gather_messages(world, std::as_bytes(std::span(text)), 0);
  if (world.rank() == 0) {
    for (auto const& part : texts) std::fwrite(part.data(), 1, part.size(), stdout);
    std::printf("%s: %zu tensors, %s verified, %s without checksums, %llu damaged blocks\n", catalog.path.c_str(),
                catalog.tensors.size(), format_bytes(sums[1]).c_str(), format_bytes(sums[2]).c_str(),
                static_cast<unsigned long long>(sums[0]));
  }
  return sums[0] == 0 ? ExitCode::done : ExitCode::corrupt_data;
}

}  // namespace
}  // namespace distload

int main(int argc, char** argv) {
  return distload::run_job([&](distload::MpiEnvironment& mpi) {
    distload::Arguments arguments;
    CLI::App app(
        "Compares every block of a checkpoint with its checksum. Exits with 0 if all agree, with 5 if a block is "
        "damaged.",
        "distload-verify");
    app.add_option("checkpoint", arguments.path, "file or directory")->required();
    app.add_option("--step", arguments.step, "step in a directory of checkpoints; the newest by default");
    if (!distload::parse_arguments(app, argc, argv, mpi.world().rank() == 0)) return distload::ExitCode::done;
    return distload::verify(mpi, arguments);
  });
}
