// Checks a call on all ranks before they compute.
#include "python/held_parallel_model.hpp"

#include <span>
#include <utility>

#include <Kokkos_Core.hpp>

#include <distload/base/error.hpp>

#include "base/hash.hpp"
#include "device/device.hpp"
#include "infer/activation_bytes.hpp"
#include "infer/check_tokens.hpp"
#include "infer/families.hpp"
#include "load/arena.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/meeting.hpp"

namespace distload::python {
namespace {

constexpr char const* kClosed = "the ParallelModel is closed";

infer::ModelDescription description_of(ShardedModel const& model) {
  return infer::describe_model(infer::ModelConfig(model.metadata().config_json), infer::ParameterNames(model));
}

/// @throws OutOfBudget  this rank has no memory for the activations.
void check_memory(HeldModel const& model, infer::ModelDescription const& description, TokenBatch const& ids,
                  std::uint64_t further) {
  auto const& grid = model.grid();
  auto const& stated = model.config().load.memory_limit;
  auto const limit = stated ? stated : available_arena_bytes(device_of_process(), grid.node_size(), 1);
  if (!limit) return;
  // What is free now is free beside the model.
  auto const resident = stated ? model.model().resident_bytes() : 0;
  auto const layers =
      infer::layers_of_largest_stage(description, grid.topology(), model.config().topology.pipeline_layers);
  auto const needed =
      infer::activation_bytes(description, grid.topology(), layers, ids.batch, ids.tokens, ids.tokens + further);
  if (resident + needed <= *limit) return;
  throw OutOfBudget("this rank needs " + format_bytes(needed) + " for the activations of " + std::to_string(ids.batch) +
                    " x " + std::to_string(ids.tokens) + " tokens" +
                    (stated ? " beside the model's " + format_bytes(resident) + ", but load.memory_limit is "
                            : std::string(", but its share of the free memory is ")) +
                    format_bytes(*limit) + "; give fewer tokens, or cut the model over more ranks");
}

}  // namespace

GivenTokens::GivenTokens(std::vector<std::int64_t> given, std::uint64_t batch, std::string why_none)
    : ids{batch, batch == 0 ? 0 : given.size() / batch, std::move(given)}, refusal(std::move(why_none)) {}

HeldParallelModel::HeldParallelModel(std::shared_ptr<HeldModel> model) : timeout_(model->config().runtime.timeout) {
  auto& group = model->group();
  meet(group.world(), {.call = "distload.ParallelModel", .values = {}}, timeout_);
  if (model->is_released()) {
    throw ConfigError("ParallelModel: the model has been redistributed in place, and has no shards");
  }
  auto use = model->in_use();
  groups_ = &group.replica_groups(model->grid());
  auto const& shards = model->model();
  bound_.reset(new Bound{std::move(model), std::move(use), shards.metadata().config_json,
                         ParallelModel(shards, groups_->compute())});
}

HeldParallelModel::Bound& HeldParallelModel::bound() const {
  if (!bound_) throw ConfigError(kClosed);
  return *bound_;
}

ParallelModel& HeldParallelModel::agreed(std::string const& call, GivenTokens const& given, std::uint64_t further,
                                         Values others) {
  auto const& ids = given.ids;
  auto const refusal = bound_ ? given.refusal : std::string(kClosed);
  Intention intention{.call = "distload.ParallelModel." + call, .values = std::move(others)};
  if (!refusal.empty()) intention.values.emplace_back("the refusal", refusal);
  intention.values.emplace_back("the shape of the ids", std::to_string(ids.batch) + " x " + std::to_string(ids.tokens));
  intention.values.emplace_back("the hash of the ids", format_hash(xxh3_64(std::as_bytes(std::span(ids.ids)))));
  auto& ranks = groups_->ranks();
  meet(ranks, intention, timeout_);
  if (!refusal.empty()) throw ConfigError(refusal);
  all_or_throw(ranks, "tokens", [&] { check(ids, further); });
  return bound_->parallel;
}

void HeldParallelModel::check(TokenBatch const& ids, std::uint64_t further) const {
  auto const& bound = this->bound();
  auto const& model = bound.model->model();
  if (model.metadata().config_json != bound.config_json) {
    throw ConfigError(
        "the model has been reloaded from a checkpoint with another config.json: make its ParallelModel anew");
  }
  auto const description = description_of(model);
  infer::check_tokens(description, ids, further == 0 ? 0 : further - 1);
  check_memory(*bound.model, description, ids, further);
}

std::optional<Memory> HeldParallelModel::forward(GivenTokens const& given) {
  auto const result = agreed("forward", given, 0).forward(given.ids);
  if (result.size() == 0) return std::nullopt;
  auto numbers = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), result);
  Memory memory;
  memory.data = reinterpret_cast<std::byte*>(numbers.data());
  memory.dtype = DType::f32;
  memory.shape = Shape{given.ids.batch, given.ids.tokens, numbers.extent(1)};
  memory.owner = std::make_shared<decltype(numbers)>(std::move(numbers));
  return memory;
}

TokenBatch HeldParallelModel::generate(GivenTokens const& given, std::uint64_t count) {
  return agreed("generate", given, count, {{"count", std::to_string(count)}}).generate(given.ids, count);
}

std::uint64_t HeldParallelModel::hash(GivenTokens const& given) { return agreed("hash", given, 0).hash(given.ids); }

void HeldParallelModel::self_test(GivenTokens const& given, std::uint64_t expected) {
  agreed("self_test", given, 0, {{"expected", format_hash(expected)}}).self_test(given.ids, expected);
}

std::vector<std::string> HeldParallelModel::inexact_layers() const { return bound().parallel.inexact_layers(); }

bool HeldParallelModel::is_decoder() const { return bound().parallel.is_decoder(); }

}  // namespace distload::python
