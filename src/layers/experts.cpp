// Sends tokens through their experts, and adds the experts' results.
#include <distload/layers/experts.hpp>

#include <algorithm>
#include <optional>
#include <span>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "layers/bound_shard.hpp"
#include "layers/group_messages.hpp"
#include "layers/kernels/columns.hpp"
#include "layers/kernels/elementwise.hpp"
#include "layers/kernels/in_shard_space.hpp"
#include "layers/mlp_matrices.hpp"
#include "layers/router.hpp"

namespace distload {
namespace {

/// The tokens of one expert. A slot is a place among all tokens' choices: token x experts per token + choice.
struct Share {
  std::vector<std::uint32_t> tokens;
  std::vector<std::uint32_t> slots;
};

/// What the router has decided.
struct Routing {
  std::vector<Share> shares;   ///< by expert
  std::vector<float> weights;  ///< by slot
};

RowTable table_of(std::vector<std::uint32_t> const& rows) { return in_shard_space(rows, "distload::rows"); }

/// `text` with the number of an expert in the place of "{}".
std::string numbered(std::string text, std::uint32_t expert) {
  if (auto const at = text.find("{}"); at != std::string::npos) text.replace(at, 2, std::to_string(expert));
  return text;
}

MlpNames names_of(MlpNames const& names, std::uint32_t expert) {
  return {numbered(names.gate, expert), numbered(names.up, expert), numbered(names.fused_gate_up, expert),
          numbered(names.down, expert)};
}

std::vector<float> numbers_on_host(Numbers const& numbers) {
  Kokkos::View<float*, ShardSpace> const wide("distload::numbers", numbers.size);
  Kokkos::parallel_for(
      "distload::numbers", Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace>(0, numbers.size),
      KOKKOS_LAMBDA(std::size_t i) { wide(i) = numbers(i); });
  auto const on_host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), wide);
  return {on_host.data(), on_host.data() + on_host.size()};
}

void check(RouterOptions const& options, LinearMatrix const& router, std::uint32_t expert_parallel) {
  if (router.outputs() != options.experts || options.experts % expert_parallel != 0) {
    throw ConfigError("'" + printable(router.shard().name()) + "' has " + std::to_string(router.outputs()) +
                      " outputs for " + std::to_string(options.experts) + " experts in " +
                      std::to_string(expert_parallel) + " groups");
  }
  auto const groups = options.groups;
  auto const groups_per_token = std::min(options.groups_per_token, groups);
  if (groups == 0 || options.experts % groups != 0 || options.per_token == 0 ||
      options.per_token > options.experts / groups * groups_per_token) {
    throw ConfigError("a token cannot use " + std::to_string(options.per_token) + " experts of " +
                      std::to_string(options.groups_per_token) + " of " + std::to_string(groups) + " groups of the " +
                      std::to_string(options.experts) + " experts of '" + printable(router.shard().name()) + "'");
  }
}

/// result[token] = sum over the token's slots of weight x rows[slot], in the order of slots
Activations weighted_sum(Activations const& rows, std::vector<float> const& weights, std::uint64_t per_token) {
  auto const factors = in_shard_space(weights, "distload::weights");
  auto const width = rows.extent(1);
  auto const result = new_activations(rows.extent(0) / per_token, width, "distload::experts");
  Kokkos::parallel_for(
      "distload::weighted_sum", Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace>(0, result.extent(0)),
      KOKKOS_LAMBDA(std::size_t token) {
        for (std::uint64_t i = 0; i < width; ++i) {
          float sum = 0;
          for (std::uint64_t slot = token * per_token; slot < (token + 1) * per_token; ++slot) {
            sum += factors(slot) * rows(slot, i);
          }
          result(token, i) = sum;
        }
      });
  return result;
}

}  // namespace

struct Experts::Body {
  Body(ShardedModel const& model, ExpertsNames const& names, RouterOptions const& given, ActivationFunction function,
       Communicator& tensor_group, Communicator& stage_ranks);

  Routing route(ConstActivations const& x) const;
  /// Collective over the tensor group: a result for each slot. Every rank has a part of every expert.
  Activations results_of_parts(ConstActivations const& x, Routing const& routing) const;
  /// Collective over the stage: likewise. Every rank has some whole experts.
  Activations results_of_whole(ConstActivations const& x, Routing const& routing) const;
  /// The rank of the stage that computes that expert.
  std::uint32_t owner_of(std::uint32_t expert) const;
  bool is_held(std::uint32_t expert) const;
  std::uint64_t width() const;

  RouterOptions options;
  std::uint32_t expert_parallel;
  LinearMatrix router;
  Numbers router_bias;
  std::vector<std::optional<MlpMatrices>> experts;  ///< by number; nothing: other ranks have it
  std::optional<Mlp> shared;
  std::optional<LinearMatrix> shared_gate;
  Communicator* stage;
};

Experts::Body::Body(ShardedModel const& model, ExpertsNames const& names, RouterOptions const& given,
                    ActivationFunction function, Communicator& tensor_group, Communicator& stage_ranks)
    : options(given),
      expert_parallel(model.topology().expert_parallel),
      router(model, linear_part(model, names.router)),
      stage(&stage_ranks) {
  check(options, router, expert_parallel);
  if (!names.router_bias.empty()) router_bias = BoundShard(model, names.router_bias).vector();
  for (std::uint32_t expert = 0; expert < options.experts; ++expert) {
    auto& place = experts.emplace_back();
    if (is_held(expert)) place.emplace(model, names_of(names.expert, expert), function, tensor_group, expert);
  }
  if (!names.shared.down.empty()) shared.emplace(model, names.shared, function, tensor_group);
  if (!names.shared_gate.empty()) shared_gate.emplace(model, linear_part(model, names.shared_gate));
}

bool Experts::Body::is_held(std::uint32_t expert) const {
  auto const group = expert / (options.experts / expert_parallel);
  return stage->rank() % expert_parallel == group || expert_parallel == 1;
}

std::uint32_t Experts::Body::owner_of(std::uint32_t expert) const {
  auto const per_group = options.experts / expert_parallel;
  auto const ranks_of_group = stage->size() / expert_parallel;
  return expert / per_group + expert_parallel * (expert % per_group % ranks_of_group);
}

std::uint64_t Experts::Body::width() const {
  auto const held = std::ranges::find_if(experts, [](auto const& expert) { return expert.has_value(); });
  return (*held)->down().matrix().outputs();
}

Routing Experts::Body::route(ConstActivations const& x) const {
  auto const logits = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), router.product(x));
  auto const bias = router_bias.empty() ? std::vector<float>() : numbers_on_host(router_bias);
  Routing routing{std::vector<Share>(options.experts), {}};
  for (std::size_t token = 0; token < x.extent(0); ++token) {
    auto const choices = choose_experts(options, {&logits(token, 0), options.experts}, bias);
    for (auto const& choice : choices) {
      auto& share = routing.shares[choice.expert];
      share.tokens.push_back(static_cast<std::uint32_t>(token));
      share.slots.push_back(static_cast<std::uint32_t>(routing.weights.size()));
      routing.weights.push_back(choice.weight);
    }
  }
  return routing;
}

Activations Experts::Body::results_of_parts(ConstActivations const& x, Routing const& routing) const {
  auto const slots = routing.weights.size();
  Sums const all(Kokkos::view_alloc(Kokkos::WithoutInitializing, "distload::slots"),
                 experts.front()->down().local_nodes(), slots, width());
  for (std::uint32_t expert = 0; expert < options.experts; ++expert) {
    auto const& share = routing.shares[expert];
    if (share.tokens.empty()) continue;
    auto const& matrices = *experts[expert];
    auto const chosen = new_activations(share.tokens.size(), x.extent(1), "distload::chosen");
    take_rows(x, table_of(share.tokens), chosen);
    auto const sums = matrices.down().sums(matrices.inner(chosen));
    for (std::size_t node = 0; node < sums.extent(0); ++node) {
      put_rows(ConstActivations(&sums(node, 0, 0), sums.extent(1), width()), table_of(share.slots),
               Activations(&all(node, 0, 0), slots, width()));
    }
  }
  return experts.front()->down().total(all);
}

Activations Experts::Body::results_of_whole(ConstActivations const& x, Routing const& routing) const {
  std::vector<std::vector<std::uint32_t>> slots_of_ranks(stage->size());
  for (std::uint32_t expert = 0; expert < options.experts; ++expert) {
    auto const& slots = routing.shares[expert].slots;
    auto& of_rank = slots_of_ranks[owner_of(expert)];
    of_rank.insert(of_rank.end(), slots.begin(), slots.end());
  }
  auto const own = new_activations(slots_of_ranks[stage->rank()].size(), width(), "distload::own_experts");
  std::uint64_t first = 0;
  for (std::uint32_t expert = 0; expert < options.experts; ++expert) {
    auto const& tokens = routing.shares[expert].tokens;
    if (owner_of(expert) != stage->rank() || tokens.empty()) continue;
    auto const chosen = new_activations(tokens.size(), x.extent(1), "distload::chosen");
    take_rows(x, table_of(tokens), chosen);
    auto const result = experts[expert]->down().product(experts[expert]->inner(chosen));
    Kokkos::deep_copy(Kokkos::DefaultExecutionSpace(), Activations(&own(first, 0), tokens.size(), width()), result);
    first += tokens.size();
  }
  std::vector<std::uint64_t> sizes;
  std::vector<std::uint32_t> slots;
  for (auto const& of_rank : slots_of_ranks) {
    sizes.push_back(of_rank.size() * width());
    slots.insert(slots.end(), of_rank.begin(), of_rank.end());
  }
  auto const gathered = new_activations(slots.size(), width(), "distload::all_experts");
  gather(*stage, {own.data(), own.size()}, sizes, gathered.data());
  auto const results = new_activations(slots.size(), width(), "distload::slots");
  put_rows(gathered, table_of(slots), results);
  return results;
}

Experts::Experts(ShardedModel const& model, ExpertsNames const& names, RouterOptions const& router,
                 ActivationFunction function, Communicator& tensor_group, Communicator& stage)
    : body_(std::make_unique<Body>(model, names, router, function, tensor_group, stage)) {}
Experts::~Experts() = default;
Experts::Experts(Experts&&) noexcept = default;

Activations Experts::operator()(ConstActivations const& x) const {
  auto const routing = body_->route(x);
  auto const rows =
      body_->expert_parallel > 1 ? body_->results_of_whole(x, routing) : body_->results_of_parts(x, routing);
  auto const result = weighted_sum(rows, routing.weights, body_->options.per_token);
  if (!body_->shared) return result;
  auto const shared = (*body_->shared)(x);
  if (body_->shared_gate) apply_sigmoid_gate(body_->shared_gate->product(x), shared);
  add(result, shared);
  return result;
}

bool Experts::is_exact() const noexcept {
  auto const is_cut_beside = [](auto const& expert) { return expert && !expert->down().is_exact(); };
  return std::ranges::none_of(body_->experts, is_cut_beside) && (!body_->shared || body_->shared->is_exact());
}

std::vector<std::string> Experts::parameters() const {
  auto names = body_->router.parameters();
  for (auto const& expert : body_->experts) {
    if (expert) add_new_names(expert->parameters(), names);
  }
  if (body_->shared) add_new_names(body_->shared->parameters(), names);
  if (body_->shared_gate) add_new_names(body_->shared_gate->parameters(), names);
  return names;
}

}  // namespace distload
