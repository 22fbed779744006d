/// HeldParallelModel: a ParallelModel as Python holds it, with the model that it computes with.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/infer/parallel_model.hpp>

#include "python/held_model.hpp"
#include "python/memory.hpp"
#include "python/replica_groups.hpp"

namespace distload::python {

/// Token ids as Python gives them.
struct GivenTokens {
  /// @param given  `batch` rows of equal length, one behind the other
  GivenTokens(std::vector<std::int64_t> given, std::uint64_t batch, std::string why_none);

  TokenBatch ids;
  std::string refusal;  ///< why they are none; empty: they are
};

/// Members but `close` and the local ones are collective over a replica, with expert parallelism over all ranks, which
/// give equal arguments. They throw on all of these ranks:
/// - ConfigError  the object is closed, the arguments differ or are refused, or the model has been reloaded with
/// another
///                config.json; or as ParallelModel's members
/// - OutOfBudget  a rank lacks memory for the activations
class HeldParallelModel {
 public:
  /// Collective over the group's world.
  /// @throws ConfigError  the model has been redistributed in place; or as ParallelModel.
  explicit HeldParallelModel(std::shared_ptr<HeldModel> model);

  /// The result of ParallelModel::forward in host memory, [batch, tokens, width], on the ranks of the last pipeline
  /// stage.
  std::optional<Memory> forward(GivenTokens const& given);
  TokenBatch generate(GivenTokens const& given, std::uint64_t count);
  std::uint64_t hash(GivenTokens const& given);
  void self_test(GivenTokens const& given, std::uint64_t expected);

  /// Local.
  std::vector<std::string> inexact_layers() const;
  /// Local.
  bool is_decoder() const;
  /// Local: frees what the object has of the model, unless a call goes on.
  void close() noexcept { bound_.reset(); }

 private:
  /// What `close` frees.
  struct Bound {
    std::shared_ptr<HeldModel> model;
    std::shared_ptr<void> use;
    std::string config_json;  ///< at the time of binding
    ParallelModel parallel;
  };
  /// Names and values of arguments.
  using Values = std::vector<std::pair<std::string, std::string>>;

  /// @throws ConfigError  the object is closed.
  Bound& bound() const;
  /// Collective: the model, when the arguments of a call have been checked on all ranks.
  /// @param further  tokens that are generated
  ParallelModel& agreed(std::string const& call, GivenTokens const& given, std::uint64_t further, Values others = {});
  /// Local.
  void check(TokenBatch const& ids, std::uint64_t further) const;

  std::chrono::milliseconds timeout_;
  ReplicaGroups const* groups_ = nullptr;
  std::unique_ptr<Bound> bound_;
};

}  // namespace distload::python
