// The options of distload-bench.
#include "bench/arguments.hpp"

#include <map>

#include <distload/base/bytes.hpp>
#include <distload/base/choices.hpp>
#include <distload/base/error.hpp>

#include "app/parse_arguments.hpp"

namespace distload {
namespace {

template <class Value>
std::string joined(std::map<std::string, Value> const& words, char const* separator) {
  std::string text;
  for (auto const& [word, value] : words) text += (text.empty() ? "" : separator) + word;
  return text;
}

void add_checkpoints(CLI::App& app, BenchArguments& arguments) {
  app.add_option("checkpoints", arguments.checkpoints, "files or directories")->type_name("CHECKPOINT");
  app.add_option("--make", arguments.make,
                 "also the checkpoints in this directory: safetensors, and HDF5 files for this number of ranks, for "
                 "half and for twice as many; they are made if they are not there")
      ->type_name("DIR");
  app.add_option("--size", arguments.size, "of what is made, in bytes of weights: 4GB, 500 MiB")
      ->check([](std::string const& text) { return parse_bytes(text) ? "" : text + " is no size"; })
      ->type_name("SIZE")
      ->capture_default_str();
  app.add_option("--step", arguments.config.checkpoint.step,
                 "step in a directory of checkpoints; the newest by default")
      ->type_name("N");
  app.add_option("--family", arguments.config.model.family, "partition rules; by config.json's model_type by default")
      ->type_name("NAME");
}

/// CLI11's form of this, "!--no-reload", is "--no-reload{false}" in the help.
void add_switch_off(CLI::App& app, std::string const& name, bool& value, std::string const& what) {
  app.add_flag_callback(
      name, [&value] { value = false; }, what);
}

/// Takes one of the names. CLI11's own validator of names and values also prints the values, as characters: a help with
/// a zero in it, behind which pagers and terminals show nothing.
template <class Choice>
CLI::Validator one_of(std::map<std::string, Choice> const& choices) {
  auto const take = [choices](std::string& name) {
    auto const choice = choices.find(name);
    if (choice == choices.end()) return "'" + name + "' is none of " + joined(choices, ", ");
    name = std::to_string(static_cast<int>(choice->second));
    return std::string();
  };
  return CLI::Validator(take, "{" + joined(choices, ",") + "}", "one_of");
}

void add_contenders(CLI::App& app, BenchArguments& arguments) {
  std::map<std::string, Part> const parts{
      {"all", Part::all}, {"column_parallel", Part::column_parallel}, {"row_parallel", Part::row_parallel}};
  std::map<std::string, ReadEngine> engines;
  for (auto const word : words_of<ReadEngine>()) engines.emplace(word, *choice_of<ReadEngine>(word));
  app.add_option("--engine", arguments.measured.engines, "engines to compare, e.g. buffered,auto; all by default")
      ->transform(one_of(engines))
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--state", arguments.states, "warm, cold (the files leave the page cache before every run), or both")
      ->check(CLI::IsMember({"warm", "cold"}))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  app.add_option("--part", arguments.parts, "parameters to load")
      ->transform(one_of(parts))
      ->delimiter(',')
      ->allow_extra_args(false);
  add_switch_off(app, "--no-reload", arguments.measured.reloads, "do not measure loads into a model that is loaded");
  app.add_option("--save", arguments.measured.save_directory, "also save, in this directory")->type_name("DIR");
  app.add_flag("--no-verify", arguments.no_verify, "do not compare checksums");
}

void add_process_options(CLI::App& app, BenchArguments& arguments) {
  auto* const fresh = app.add_flag("--fresh", arguments.fresh,
                                   "take every sample in new processes, as a user's load runs; this is the default");
  app.add_flag("--repeat", arguments.repeat,
               "take all samples in these processes, whose memory has been used before; the figures are labelled "
               "`reload`")
      ->excludes(fresh);
  app.add_option("--idle", arguments.measured.idle_seconds, "seconds that new processes wait before they begin")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  app.add_option("--launcher", arguments.launcher,
                 "command that starts new processes, e.g. 'srun --overlap -n 4'; by default the one that has started "
                 "these")
      ->type_name("COMMAND");
  app.add_option("--sample", arguments.sample)->group("");
}

void add_calibrate(CLI::App& app, BenchArguments& arguments) {
  auto* const calibrate = app.add_subcommand(
      "calibrate",
      "Measures for half a minute what storage, memory and messages cost on these ranks, and writes it to "
      "~/.config/distload/machine.yaml, where dry runs find it.");
  auto& options = arguments.calibrated;
  calibrate
      ->add_option("folder", options.path,
                   "on the storage to measure, for a scratch file; or a checkpoint, to read only")
      ->type_name("DIR|CHECKPOINT")
      ->required();
  calibrate->add_option("--out", options.out, "write another file; - only prints")->type_name("FILE");
  calibrate
      ->add_option_function<std::string>(
          "--bytes", [&options](std::string const& text) { options.bytes = round_up(*parse_bytes(text), 2 * kMiB); },
          "that each rank writes and reads; 256 MiB by default")
      ->type_name("SIZE")
      ->check([](std::string const& text) {
        auto const bytes = parse_bytes(text);
        return bytes && *bytes > 0 && *bytes <= kTiB ? "" : text + " is no size from 1 B to 1 TiB";
      });
  calibrate->add_option("--rounds", options.rounds, "of which the median counts")
      ->check(CLI::Range(1U, 1000U))
      ->capture_default_str();
  calibrate->add_option("--idle", options.idle_seconds, "seconds without work before new memory is measured")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  calibrate->callback([&arguments] { arguments.calibrate = true; });
}

void add_infer(CLI::App& app, BenchArguments& arguments) {
  auto* const infer = app.add_subcommand(
      "infer",
      "Measures how fast a loaded decoder computes, on all ranks (tensor parallel): one-token steps beside the rate at "
      "which the ranks read memory, a prefill, its matrix products, and the exact sums beside all-reduce.");
  infer->add_option("checkpoint", arguments.config.checkpoint.path, "file or directory")
      ->type_name("CHECKPOINT")
      ->required();
  auto* const tokens = infer->add_option("--tokens", arguments.computed.tokens, "of the prefill");
  auto* const steps = infer->add_option("--steps", arguments.computed.steps, "one-token steps of a round");
  auto* const rounds = infer->add_option("--rounds", arguments.computed.rounds, "counted rounds");
  for (auto* const option : {tokens, steps, rounds}) option->check(CLI::Range(1U, 1'000'000U))->capture_default_str();
  infer->add_option("--json", arguments.json, "write the figures to this file")->type_name("FILE");
  infer->callback([&arguments] { arguments.infer = true; });
}

void add_overlap(CLI::App& app, BenchArguments& arguments) {
  auto* const overlap = app.add_subcommand(
      "overlap",
      "Loads by messages between all ranks on an emulated device, whose stages take a given time at least, and prints "
      "which stages of which waves ran when on rank 0: the load should take as long as its slowest stage.");
  overlap->add_option("checkpoint", arguments.config.checkpoint.path, "file or directory")
      ->type_name("CHECKPOINT")
      ->required();
  overlap->add_option("--milliseconds", arguments.overlapped.milliseconds, "of every stage of a wave")
      ->check(CLI::Range(1U, 1000U))
      ->capture_default_str();
  overlap->add_option("--trace", arguments.overlapped.trace, "write a Chrome trace to this file")->type_name("FILE");
  overlap->callback([&arguments] { arguments.overlap = true; });
}

void add_redistribute(CLI::App& app, BenchArguments& arguments) {
  auto* const redistribute = app.add_subcommand(
      "redistribute",
      "Measures how fast a loaded model is brought from one number of tensor-parallel ranks onto the next, in memory, "
      "beside memcpy of as many bytes into new memory by as many processes.");
  auto& options = arguments.redistributed;
  redistribute->add_option("checkpoint", arguments.config.checkpoint.path, "file or directory")
      ->type_name("CHECKPOINT")
      ->required();
  redistribute->add_option("--chain", options.chain, "numbers of ranks, one after the other")
      ->delimiter(',')
      ->check(CLI::Range(1U, 1024U))
      ->expected(2, 16)
      ->allow_extra_args(false)
      ->capture_default_str();
  redistribute->add_option("--rounds", options.rounds, "counted rounds")
      ->check(CLI::Range(1U, 1000U))
      ->capture_default_str();
  redistribute->add_flag("--verify", options.verify, "both ends hash what travels");
  redistribute->add_flag("--in-place", options.in_place, "free the old shards on the way");
  add_switch_off(*redistribute, "--no-peer-memory", options.peer_memory,
                 "send messages instead of reading the memory of peers");
  add_switch_off(*redistribute, "--no-share", options.share, "copy unchanged shards");
  redistribute->add_option("--json", arguments.json, "write the figures to this file")->type_name("FILE");
  redistribute->callback([&arguments] { arguments.redistribute = true; });
}

ProgramText bench_text() {
  return {"distload-bench",
          "compares the speed of loads and saves with what the machine does without distload",
          {{"mpirun -np 4 distload-bench MODEL", "load by every engine, beside what storage and memory can do"},
           {"mpirun -np 4 distload-bench --make DIR --size 4GB", "the same with checkpoints that are made for it"},
           {"mpirun -np 4 distload-bench MODEL --engine auto --state cold --save DIR", "from storage, and a save"},
           {"mpirun -np 4 distload-bench calibrate DIR", "measure this machine for dry runs, with the storage of DIR"},
           {"mpirun -np 4 distload-bench infer MODEL", "how fast a loaded decoder computes"}},
          "All ranks of mpirun load together (tensor parallel). The contenders are interleaved in one run, so that the "
          "machine is the same for all."};
}

void add_bench_options(CLI::App& app, BenchArguments& arguments) {
  add_checkpoints(app, arguments);
  add_contenders(app, arguments);
  add_process_options(app, arguments);
  app.add_option("--rounds", arguments.measured.rounds, "counted rounds; 7 for figures that are published")
      ->check(CLI::Range(1U, 1000U))
      ->capture_default_str();
  app.add_option("--json", arguments.json, "write all samples to this file")->type_name("FILE");
  add_calibrate(app, arguments);
  add_infer(app, arguments);
  add_overlap(app, arguments);
  add_redistribute(app, arguments);
}

void complete(BenchArguments& arguments) {
  bool const is_command = arguments.calibrate || arguments.infer || arguments.overlap || arguments.redistribute;
  if (!is_command && arguments.checkpoints.empty() && arguments.make.empty())
    throw UsageError("name a checkpoint, or a directory for --make");
  arguments.config.load.verify = !arguments.no_verify;
  arguments.measured.start = arguments.repeat ? Start::reload : Start::fresh;
}

}  // namespace

std::optional<BenchArguments> parse_bench_arguments(int argc, char const* const* argv) {
  BenchArguments arguments;
  ProgramApp app(bench_text());
  add_bench_options(app, arguments);
  if (!parse_arguments(app, argc, argv)) return std::nullopt;
  complete(arguments);
  return arguments;
}

}  // namespace distload
