/// ParameterNames: which names the parameters of a model have.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <distload/checkpoint/catalog.hpp>
#include <distload/load/sharded_model.hpp>

namespace distload::infer {

class ParameterNames {
 public:
  /// Of this rank's shards.
  explicit ParameterNames(ShardedModel const& model);
  /// Of a whole checkpoint.
  explicit ParameterNames(Catalog const& catalog);

  bool has(std::string_view name) const;
  /// True if some name begins with that.
  bool begins(std::string_view prefix) const;
  /// The first of `prefixes` that, followed by `rest`, begins a name; the first of all if none does.
  std::string prefix(std::initializer_list<std::string_view> prefixes, std::string_view rest) const;

 private:
  std::vector<std::string> names_;  ///< sorted
};

}  // namespace distload::infer
