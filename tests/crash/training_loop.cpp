// A training loop that only saves: every step changes the model and saves it, so that each checkpoint has the content
// of its step.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <Kokkos_Core.hpp>

#include <distload/base/error.hpp>
#include <distload/parallel/mpi_environment.hpp>
#include <distload/parallel/process_grid.hpp>
#include <distload/parallel/resolve_topology.hpp>
#include <distload/parallel/watchdog.hpp>
#include <distload/save/saver.hpp>

#include "app/parse_arguments.hpp"
#include "app/run_program.hpp"
#include "app/start_kokkos.hpp"
#include "support/sample_model.hpp"

namespace distload {
namespace {

constexpr std::chrono::seconds kTimeout{20};

struct Arguments {
  SaveOptions save;
  std::uint64_t first = 1;
  std::uint64_t count = 1;
  std::vector<std::uint32_t> topology{1, 1, 1};
  std::vector<std::string> without;
  std::vector<std::string> frozen;
  bool is_async = false;
};

std::vector<TensorSpec> tensors(Arguments const& arguments, std::uint32_t tensor_parallel) {
  auto specs = tensors_for(tensor_parallel);
  std::erase_if(specs, [&](TensorSpec const& spec) {
    return std::ranges::find(arguments.without, spec.name) != arguments.without.end();
  });
  return specs;
}

void announce(Communicator& world, char const* what, std::uint64_t step) {
  if (world.rank() != 0) return;
  std::printf("%s %llu\n", what, static_cast<unsigned long long>(step));
  std::fflush(stdout);
}

ExitCode train(MpiEnvironment& mpi, Arguments const& arguments) {
  auto& world = mpi.world();
  auto const& ways = arguments.topology;
  auto const topology = resolve_topology(ways.at(0), ways.at(1), ways.at(2), world.size());
  Watchdog watchdog(mpi, kTimeout);
  ProcessGrid const grid(world, mpi.node(), topology);
  auto const kokkos = start_kokkos(1, grid, std::nullopt, NumaBinding::none);
  auto const model = make_model(topology, world.rank(), tensors(arguments, topology.tensor_parallel));
  auto metadata = model.metadata();
  Saver saver(arguments.save);
  announce(world, "begin", arguments.first);
  for (auto step = arguments.first; step < arguments.first + arguments.count; ++step) {
    watchdog.enter("training");
    set_step(model, step, arguments.frozen);
    watchdog.enter("save");
    if (saver.wait()) announce(world, "saved", step - 1);
    metadata.step = step;
    if (arguments.is_async) {
      saver.save_async(model, metadata, world);
    } else {
      saver.save(model, metadata, world);
      announce(world, "saved", step);
    }
  }
  if (saver.wait()) announce(world, "saved", arguments.first + arguments.count - 1);
  return ExitCode::done;
}

void add_options(CLI::App& app, Arguments& arguments) {
  std::map<std::string, SourceFormat> const formats{{"hdf5", SourceFormat::hdf5},
                                                    {"safetensors", SourceFormat::safetensors}};
  std::map<std::string, WriteEngine> const engines{
      {"auto", WriteEngine::automatic}, {"direct", WriteEngine::direct}, {"collective", WriteEngine::collective}};
  std::map<std::string, VerifyAfterWrite> const verify{
      {"none", VerifyAfterWrite::none}, {"index", VerifyAfterWrite::index}, {"full", VerifyAfterWrite::full}};
  auto& save = arguments.save;
  app.add_option("directory", save.directory)->required();
  app.add_option("--first", arguments.first, "step");
  app.add_option("--count", arguments.count, "steps");
  app.add_option("--topology", arguments.topology, "ranks by tensor, pipeline and data")->delimiter(',')->expected(3);
  app.add_option("--layout", save.tensor_parallel, "tensor-parallel layout of an HDF5 file; the model's by default");
  app.add_option("--engine", save.engine)->transform(CLI::CheckedTransformer(engines));
  app.add_option("--format", save.format)->transform(CLI::CheckedTransformer(formats));
  app.add_option("--shard-size", save.shard_size, "bytes in a safetensors file");
  app.add_option("--staging", save.staging, "bytes");
  app.add_option("--keep", save.keep);
  app.add_option("--verify", save.verify)->transform(CLI::CheckedTransformer(verify));
  app.add_option("--base", save.base);
  app.add_option("--without", arguments.without, "tensors that the model does not have")->delimiter(',');
  app.add_option("--frozen", arguments.frozen, "tensors that do not change")->delimiter(',');
  app.add_flag("--overwrite", save.overwrite);
  app.add_flag("--async", arguments.is_async);
}

}  // namespace
}  // namespace distload

int main(int argc, char** argv) {
  distload::Arguments arguments;
  auto const parse = [&] {
    distload::ProgramApp app({"training_loop", "saves the same model, changed a little, as often as asked", {}});
    distload::add_options(app, arguments);
    return distload::parse_arguments(app, argc, argv);
  };
  return distload::run_program(parse, [&](distload::MpiEnvironment& mpi) { return distload::train(mpi, arguments); });
}
