// distload-synth: writes a checkpoint of any size, with the names and proportions of a model family, at the storage's
// speed.
#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <distload/base/error.hpp>

#include "app/run_program.hpp"
#include "base/scope_timer.hpp"
#include "base/standard_streams.hpp"
#include "base/suggest.hpp"
#include "base/table.hpp"
#include "checkpoint/file_name.hpp"
#include "parallel/all_or_throw.hpp"
#include "synth/arguments.hpp"
#include "synth/choose_sizes.hpp"
#include "synth/model.hpp"
#include "synth/or_io_error.hpp"
#include "synth/write_hdf5.hpp"
#include "synth/write_safetensors.hpp"

namespace distload::synth {
namespace {

namespace fs = std::filesystem;

Bytes parse_size(std::string const& option, std::string const& text) {
  auto const bytes = parse_bytes(text);
  if (!bytes || *bytes == 0) throw UsageError(option + " " + text + " is no size such as 4GB or 500 MiB");
  return *bytes;
}

DType parse_element_type(std::string const& text) {
  auto upper = text;
  std::ranges::transform(upper, upper.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  auto const dtype = parse_dtype(upper);
  if (!dtype || !is_floating_point(*dtype) || size_of(*dtype) < 2 || elements_per_unit(*dtype) > 1)
    throw UsageError("--dtype " + text + " is none of bf16, f16, f32, f64");
  return *dtype;
}

Family const& parse_family(std::string const& name) {
  if (auto const* const family = find_family(name)) return *family;
  std::vector<std::string> known;
  for (auto const& family : families()) known.emplace_back(family.name);
  auto message = "no family is named " + name;
  if (auto const meant = nearest(name, known)) message += "; did you mean " + *meant + "?";
  message += "; there are";
  char const* separator = " ";
  for (auto const& each : known) message += std::exchange(separator, ", ") + each;
  message += "; models of other families are made of their config.json (--config)";
  throw UsageError(message);
}

/// Refuses options of the other format instead of ignoring them.
void check_format(Arguments const& arguments) {
  bool const is_hdf5 = arguments.format == "hdf5";
  if (is_hdf5 && arguments.shard_size) throw UsageError("--shard-size belongs to --format safetensors");
  if (is_hdf5 && arguments.sparse) throw UsageError("--sparse belongs to --format safetensors");
  if (!arguments.config && !arguments.quantization.empty()) throw UsageError("--quantization belongs to --config");
  if (!arguments.config && arguments.rules != "auto") throw UsageError("--rules belongs to --config");
  if (!is_hdf5 && arguments.step) throw UsageError("--step belongs to --format hdf5");
  if (!is_hdf5 && arguments.tensor_parallel) throw UsageError("--tensor-parallel belongs to --format hdf5");
}

std::string target_of(Arguments const& arguments) {
  if (arguments.format == "safetensors") return arguments.out;
  return (fs::path(arguments.out) / checkpoint_file_name(arguments.step.value_or(0))).string();
}

/// Refuses to replace a model unless requested.
void check_target(Arguments const& arguments) {
  auto const target = target_of(arguments);
  auto const is_there = or_io_error([&] {
    return fs::exists(target) &&
           !(arguments.format == "safetensors" && fs::is_directory(target) && fs::is_empty(target));
  });
  if (is_there && !arguments.force) throw UsageError(target + " is there already; --force replaces it");
}

std::uint32_t threads_of(Arguments const& arguments, MpiEnvironment& mpi) {
  return arguments.threads.value_or(std::max(1U, std::thread::hardware_concurrency() / mpi.node().size()));
}

void add_written(Table& table, Arguments const& arguments, Model const& model, std::uint64_t parameters,
                 std::string const& types) {
  table.add({"wrote", target_of(arguments)});
  table.add({"family", model.family});
  if (parameters != 0) table.add({"parameters", std::to_string(parameters)});
  table.add({"tensors", std::to_string(model.tensors.size()) + ", " + format_bytes(model.nbytes()) + " of " + types +
                            (arguments.sparse ? ", which are holes: headers only" : "")});
}

void add_time(Table& table, Arguments const& arguments, Model const& model, double seconds) {
  std::array<char, 64> text{};
  if (arguments.sparse) {
    std::snprintf(text.data(), text.size(), "%.2f s", seconds);
  } else {
    std::snprintf(text.data(), text.size(), "%.2f s, %.2f GB/s", seconds,
                  static_cast<double>(model.nbytes()) / seconds / 1e9);
  }
  if (!arguments.sparse) table.add({"seed", std::to_string(model.seed)});
  table.add({"time", text.data()});
}

void print_summary(Arguments const& arguments, Model const& model, std::optional<ModelSizes> const& sizes,
                   double seconds) {
  Table table;
  if (sizes) {
    auto const& family = *find_family(model.family);
    add_written(table, arguments, model, parameters_of(family, *sizes), std::string(name_of(model.tensors[0].dtype)));
    table.add({"layers", std::to_string(sizes->layers)});
    table.add({"hidden", std::to_string(sizes->hidden)});
    table.add({"heads", std::to_string(sizes->heads) + " of " + std::to_string(sizes->head_dim) + ", " +
                            std::to_string(sizes->kv_heads) + " of keys and values"});
    table.add({"intermediate", std::to_string(sizes->intermediate)});
    if (sizes->experts != 0) {
      table.add({"experts",
                 std::to_string(sizes->experts) + " of " + std::to_string(sizes->expert_intermediate) + " per layer"});
    }
    table.add({"vocabulary", std::to_string(sizes->vocabulary)});
  } else {
    std::map<std::string_view, Bytes> by_type;
    for (auto const& tensor : model.tensors) {
      by_type[name_of(tensor.dtype)] += volume(tensor.shape) * size_of(tensor.dtype);
    }
    std::string types;
    for (auto const& [type, nbytes] : by_type) {
      types += (types.empty() ? "" : ", ") + std::string(type) +
               (by_type.size() > 1 ? " (" + format_bytes(nbytes) + ")" : "");
    }
    add_written(table, arguments, model, 0, types);
  }
  add_time(table, arguments, model, seconds);
  print(table.text());
}

/// The model of `--config`, which one rank reads for all, so that all have the same.
Model described_model(Arguments const& arguments, Communicator& world) {
  ConfigSource const source{*arguments.config, arguments.quantization, arguments.rules,
                            arguments.dtype ? std::optional(parse_element_type(*arguments.dtype)) : std::nullopt};
  return all_or_throw(world, "describe", [&] { return model_of(source, arguments.seed); });
}

ExitCode synthesise(MpiEnvironment& mpi, Arguments const& arguments) {
  check_format(arguments);
  auto& world = mpi.world();
  auto const start = std::chrono::steady_clock::now();
  auto const shard_bytes = parse_size("--shard-size", arguments.shard_size.value_or("5GB"));
  std::optional<ModelSizes> sizes;
  auto const model = [&] {
    if (arguments.config) return described_model(arguments, world);
    auto const dtype = parse_element_type(arguments.dtype.value_or("bf16"));
    auto const& family = parse_family(arguments.family);
    sizes = choose_sizes(family, parse_size("--size", arguments.size) / size_of(dtype), arguments.overrides);
    return model_of(family, *sizes, dtype, arguments.seed);
  }();
  all_or_throw(world, "check", [&] {
    if (world.rank() == 0) check_target(arguments);
  });

  if (arguments.format == "hdf5") {
    write_hdf5(model, target_of(arguments), arguments.step.value_or(0), arguments.tensor_parallel.value_or(1),
               arguments.force, world);
  } else {
    write_safetensors(model, arguments.out, shard_bytes, threads_of(arguments, mpi),
                      arguments.sparse ? Storage::sparse : Storage::allocated, world);
  }
  if (world.rank() == 0) {
    print_summary(arguments, model, sizes, seconds_since(start));
  }
  return ExitCode::done;
}

}  // namespace
}  // namespace distload::synth

int main(int argc, char** argv) {
  std::optional<distload::synth::Arguments> arguments;
  auto const parse = [&] {
    arguments = distload::synth::parse_synth_arguments(argc, argv);
    return arguments.has_value();
  };
  return distload::run_program(
      parse, [&](distload::MpiEnvironment& mpi) { return distload::synth::synthesise(mpi, *arguments); });
}
