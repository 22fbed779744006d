// distload-verify: compares every block of a checkpoint with its checksum, shared out over the ranks of mpirun.
#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <distload/checkpoint/checkpoint.hpp>
#include <distload/parallel/mpi_environment.hpp>

#include "app/parse_arguments.hpp"
#include "base/standard_streams.hpp"
#include "io/block_check.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/run_job.hpp"

namespace distload {
namespace {

struct Arguments {
  std::string path;
  std::optional<std::uint64_t> step;
};

ExitCode verify(MpiEnvironment& mpi, Arguments const& arguments) {
  auto& world = mpi.world();
  auto message = all_or_throw(world, "open", [&] {
    return world.rank() == 0 ? serialize(open_checkpoint(arguments.path, arguments.step)) : std::vector<std::byte>{};
  });
  message = broadcast_message(world, std::move(message), 0);
  auto const catalog = deserialize_catalog(message);
  auto const findings = all_or_throw(
      world, "verify", [&] { return check_blocks(catalog, world.rank(), world.size(), CheckFrom::anywhere); });

  std::vector<std::uint64_t> sums{findings.damage.size(), findings.verified_bytes, findings.unverified_bytes};
  world.all_reduce(std::span<std::uint64_t>(sums), Reduction::sum);
  std::string text;
  for (auto const& damage : findings.damage) text += damage + "\n";
  auto const texts = gather_messages(world, std::as_bytes(std::span(text)), 0);
  if (world.rank() == 0) {
    for (auto const& part : texts) print({reinterpret_cast<char const*>(part.data()), part.size()});
    print(fmt::format("{}: {} tensors, {} verified, {} without checksums, {} damaged blocks\n", catalog.path,
                      catalog.tensors.size(), format_bytes(sums[1]), format_bytes(sums[2]), sums[0]));
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
