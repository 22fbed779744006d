// Saving as a sequence of collective steps.
#include <distload/save/saver.hpp>

#include <filesystem>
#include <memory>
#include <utility>

#include <Kokkos_Profiling_ScopedRegion.hpp>

#include <distload/base/error.hpp>
#include <distload/save/checkpoint_writer.hpp>
#include <distload/save/safetensors_writer.hpp>

#include "checkpoint/file_name.hpp"
#include "checkpoint/safetensors/file_layout.hpp"
#include "load/arena.hpp"
#include "parallel/all_or_throw.hpp"
#include "partition/problems.hpp"
#include "save/held_tensors.hpp"
#include "save/retention.hpp"
#include "save/save_plan.hpp"
#include "save/save_wave.hpp"

namespace distload {

namespace {

void check_names(Catalog const& catalog, ModelLayout const& layout) {
  rules::Problems problems;
  for (auto const& parameter : layout.parameters) {
    auto const& tensor = catalog.tensors[parameter.tensor];
    if (!is_safetensors_name(tensor.name))
      problems.add("not UTF-8, or a name with another meaning", tensor.name, tensor.shape);
  }
  if (problems.empty()) return;
  throw ConfigError("save.format: safetensors cannot store tensors of these names:" + problems.describe());
}

}  // namespace

Saver::Saver(SaveOptions options) : options_(std::move(options)) {}

void Saver::check(Catalog const& catalog, ModelLayout const& layout) const {
  if (options_.format == SourceFormat::safetensors) {
    check_names(catalog, layout);
    return;
  }
  if (!options_.tensor_parallel) return;
  auto const ranks = *options_.tensor_parallel;
  rules::Problems problems;
  for (auto const& parameter : layout.parameters) {
    auto const& tensor = catalog.tensors[parameter.tensor];
    if (divides(parameter.partition, ranks)) continue;
    problems.add(std::string(name_of(parameter.partition.kind)) + " by " + parameter.rule, tensor.name, tensor.shape);
  }
  if (problems.empty()) return;
  throw ConfigError("save.tensor_parallel: " + std::to_string(problems.count()) + " of " +
                    std::to_string(layout.parameters.size()) + " parameters cannot be cut for " +
                    std::to_string(ranks) + " ranks:" + problems.describe());
}

std::string Saver::save(ShardedModel const& model, CheckpointMetadata metadata, Communicator& ranks) const {
  Kokkos::Profiling::ScopedRegion const region("distload::save");
  auto const step = metadata.step;
  auto const is_hdf5 = options_.format == SourceFormat::hdf5;
  auto const name = is_hdf5 ? checkpoint_file_name(step) : checkpoint_directory_name(step);
  auto path = (std::filesystem::path(options_.directory) / name).string();
  auto const tensors = gather_held_tensors(model, ranks);
  std::unique_ptr<ExtentWriter> writer;
  if (is_hdf5) {
    WriterOptions const layout{options_.tensor_parallel.value_or(model.topology().tensor_parallel), options_.alignment};
    writer = std::make_unique<CheckpointWriter>(path, std::move(metadata), tensors.specs, layout, ranks);
  } else {
    writer = std::make_unique<SafetensorsWriter>(path, std::move(metadata), tensors.specs, options_.shard_size, ranks);
  }

  auto const plan = all_or_throw(ranks, "save_plan", [&] {
    return make_save_plan(writer->catalog(), tensors.held, model.topology(), ranks.rank(),
                          {options_.staging, kArenaOnHost});
  });
  auto waves = all_or_throw(ranks, "save_allocate", [&] { return WaveWriter(plan, model, *writer); });
  for (auto const& wave : plan.waves) waves.run(wave, ranks);
  writer->commit();

  all_or_throw(ranks, "save_retain", [&] {
    if (ranks.rank() == 0) remove_old_checkpoints(options_.directory, step, options_.keep);
  });
  return path;
}

}  // namespace distload
