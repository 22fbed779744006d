// A program that uses the library as its first argument says, for tests that run it on several hosts.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <Kokkos_Core.hpp>

#include <distload/base/error.hpp>
#include <distload/load/loader.hpp>
#include <distload/parallel/mpi_environment.hpp>
#include <distload/parallel/watchdog.hpp>
#include <distload/save/saver.hpp>

#include "parallel/run_job.hpp"

namespace {

using namespace distload;

constexpr std::chrono::milliseconds kTimeout{2000};

struct Job {
  MpiEnvironment& mpi;
  ProcessGrid const& grid;
  Config config;
  std::vector<std::string> arguments;

  bool is_last() const { return mpi.world().rank() + 1 == mpi.world().size(); }
  void say(std::string const& text) const {
    if (mpi.world().rank() != 0) return;
    std::puts(text.c_str());
    std::fflush(stdout);
  }
};

void sleep_for_long() { std::this_thread::sleep_for(std::chrono::seconds(60)); }

/// What an attempt ends in is the same on all ranks, which may go on.
template <class F>
void attempt(Job const& job, std::string const& name, F&& what) {
  try {
    job.say(name + ": " + what());
  } catch (Error const& error) {
    job.say(name + ": code " + std::to_string(static_cast<int>(error.code())) + ": " + error.what());
  }
}

/// Loads with each engine named.
void load_with(Job& job) {
  for (auto const& engine : job.arguments) {
    job.config.load.engine = choice_of<ReadEngine>(engine).value();
    attempt(job, engine, [&] {
      auto const model = Loader(job.grid, job.config).load().model;
      return "loaded " + std::to_string(model.shards().size()) + " shards";
    });
  }
}

/// Loads the same again and again, until it is stopped.
void load_for_ever(Job& job) {
  Watchdog const watchdog(job.mpi, kTimeout);
  Loader loader(job.grid, job.config);
  auto model = loader.load().model;
  job.say("ready");
  while (true) loader.reload(model);
}

/// Saves the model again and again, as the next step of a directory, until it is stopped.
void save_for_ever(Job& job) {
  Watchdog const watchdog(job.mpi, kTimeout);
  auto const model = Loader(job.grid, job.config).load().model;
  Saver saver(SaveOptions{.directory = job.arguments.front(), .keep = 2});
  auto metadata = model.metadata();
  for (metadata.step = 1; true; ++metadata.step) {
    saver.save(model, metadata, job.mpi.world());
    if (metadata.step == 3) job.say("ready");
  }
}

/// The last rank does something else than to load.
void load_without_one(Job& job, bool with_watchdog) {
  std::optional<Watchdog> watchdog;
  if (with_watchdog) watchdog.emplace(job.mpi, kTimeout);
  if (job.is_last()) sleep_for_long();
  Loader(job.grid, job.config).load();
}

/// A watchdog that only tells.
void load_without_one_and_hear(Job& job) {
  Watchdog const watchdog(job.mpi, {kTimeout, [&](std::string const& message) {
                                      std::printf("heard: %s\n", message.c_str());
                                      std::fflush(stdout);
                                    }});
  if (job.is_last()) sleep_for_long();
  Loader(job.grid, job.config).load();
}

void differ(Job& job) {
  auto const path = job.config.checkpoint.path;
  if (job.is_last()) job.config.load.dtype = DType::f16;
  attempt(job, "dtype", [&] { return Loader(job.grid, job.config).load(), "loaded"; });
  job.config.load.dtype = std::nullopt;
  if (job.is_last()) job.config.checkpoint.path = path + "/";
  attempt(job, "path", [&] { return Loader(job.grid, job.config).load(), "loaded"; });
  job.config.checkpoint.path = path;
  Loader loader(job.grid, job.config);
  auto const model = loader.load().model;
  SaveOptions options{.directory = job.arguments.front()};
  Saver saver(options);
  attempt(job, "call", [&] {
    if (job.is_last()) {
      loader.open();
    } else {
      saver.save(model, model.metadata(), job.mpi.world());
    }
    return "done";
  });
  if (job.is_last()) options.keep = 3;
  Saver other(options);
  attempt(job, "keep", [&] { return other.save(model, model.metadata(), job.mpi.world()), "saved"; });
  auto metadata = model.metadata();
  metadata.step = job.is_last() ? 8 : 7;
  attempt(job, "step", [&] { return saver.save(model, metadata, job.mpi.world()), "saved"; });
}

/// Saves to a directory in each format, and from a base if one is named.
void save(Job& job) {
  auto const model = Loader(job.grid, job.config).load().model;
  auto const& arguments = job.arguments;
  for (auto const format : {SourceFormat::hdf5, SourceFormat::safetensors}) {
    SaveOptions options{.directory = arguments.front()};
    options.format = format;
    options.overwrite = true;  // the step is there in the other format
    if (arguments.size() > 1 && format == SourceFormat::hdf5) options.base = arguments[1];
    attempt(job, format == SourceFormat::hdf5 ? "hdf5" : "safetensors",
            [&] { return "saved " + Saver(options).save(model, model.metadata(), job.mpi.world()).path; });
  }
}

/// One rank of every host fails by itself while the others wait for it.
ExitCode fail_apart(MpiEnvironment& mpi) {
  if (mpi.node().rank() == 1) throw CorruptData("made up");
  mpi.world().barrier();
  return ExitCode::done;
}

void run(std::string const& scenario, Job& job) {
  if (scenario == "load") return load_with(job);
  if (scenario == "repeat") return load_for_ever(job);
  if (scenario == "repeat-save") return save_for_ever(job);
  if (scenario == "alone") return load_without_one(job, false);
  if (scenario == "alone-watched") return load_without_one(job, true);
  if (scenario == "alone-heard") return load_without_one_and_hear(job);
  if (scenario == "differ") return differ(job);
  if (scenario == "save") return save(job);
  throw UsageError("unknown scenario " + scenario);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  if (std::string(argv[1]) == "fail-apart") return run_job(fail_apart);
  MpiEnvironment mpi;
  try {
    Kokkos::ScopeGuard const kokkos(Kokkos::InitializationSettings().set_num_threads(1));
    ProcessGrid const grid(mpi.world(), mpi.node(), {.tensor_parallel = mpi.world().size()});
    Config config;
    config.checkpoint.path = argv[2];
    config.runtime.timeout = kTimeout;
    Job job{mpi, grid, config, {argv + 3, argv + argc}};
    run(argv[1], job);
  } catch (Error const& error) {
    std::fprintf(stderr, "distload: error: %s\n", error.what());
    // Without MPI_Finalize: some ranks may not be there.
    std::_Exit(static_cast<int>(error.code()));
  }
  mpi.finalize();
  return 0;
}
