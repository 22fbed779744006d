// Compares the memory for shards, staging and activations with what a rank may use.
#include "infer/check_activations.hpp"

#include <distload/base/bytes.hpp>
#include <distload/base/error.hpp>

#include "base/wire.hpp"
#include "device/device.hpp"
#include "infer/activation_bytes.hpp"
#include "infer/check_tokens.hpp"
#include "infer/families.hpp"
#include "load/arena.hpp"

namespace distload {

void check_activations(ProcessGrid const& grid, Config const& config, OpenedCheckpoint const& checkpoint,
                       LoadPlan const& plan, TokenBatch const& ids, std::uint64_t generate) {
  infer::ModelConfig const model(checkpoint.catalog.metadata.config_json);
  auto const description = infer::describe_model(model, infer::ParameterNames(checkpoint.catalog));
  infer::check_tokens(description, ids, generate == 0 ? 0 : generate - 1);
  auto const limit = config.load.memory_limit ? config.load.memory_limit
                                              : available_arena_bytes(device_of_process(), grid.node_size(), 1);
  if (!limit) return;
  auto const layers = infer::layers_of_largest_stage(description, grid.topology(), config.topology.pipeline_layers);
  auto const needed =
      infer::activation_bytes(description, grid.topology(), layers, ids.batch, ids.tokens, ids.tokens + generate);
  if (plan.peak_bytes() + needed <= *limit) return;
  throw OutOfBudget("this rank needs " + format_bytes(plan.peak_bytes()) + " for the model and " +
                    format_bytes(needed) + " for the activations of " + std::to_string(ids.batch) + " x " +
                    std::to_string(ids.tokens) + " tokens, but " +
                    (config.load.memory_limit ? "load.memory_limit is " : "its share of the free memory is ") +
                    format_bytes(*limit) + "; give fewer tokens, or cut the model over more ranks");
}

std::vector<std::string> agreed_inexact_layers(ProcessGrid const& grid, ParallelModel const& model) {
  WireWriter out;
  if (grid.coordinates().tensor == 0 && grid.coordinates().data == 0) {
    for (auto const& layer : model.inexact_layers()) out.put_text(layer);
  }
  auto& world = grid.world();
  WireWriter all;
  for (auto const& message : gather_messages(world, out.take(), 0)) {
    for (WireReader in(message); !in.at_end();) all.put_text(in.get_text());
  }
  auto const agreed = broadcast_message(world, all.take(), 0);
  std::vector<std::string> layers;
  for (WireReader in(agreed); !in.at_end();) layers.push_back(in.get_text());
  return layers;
}

}  // namespace distload
