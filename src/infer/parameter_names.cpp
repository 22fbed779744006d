// Searches sorted names.
#include "infer/parameter_names.hpp"

#include <algorithm>

namespace distload::infer {
namespace {

template <class Named>
std::vector<std::string> sorted_names(Named const& all) {
  std::vector<std::string> names;
  names.reserve(all.size());
  for (auto const& named : all) names.push_back(named.name);
  std::ranges::sort(names);
  return names;
}

}  // namespace

ParameterNames::ParameterNames(ShardedModel const& model) : names_(sorted_names(model.shards())) {}
ParameterNames::ParameterNames(Catalog const& catalog) : names_(sorted_names(catalog.tensors)) {}

bool ParameterNames::has(std::string_view name) const { return std::ranges::binary_search(names_, name); }

bool ParameterNames::begins(std::string_view prefix) const {
  auto const found = std::ranges::lower_bound(names_, prefix);
  return found != names_.end() && found->starts_with(prefix);
}

std::string ParameterNames::prefix(std::initializer_list<std::string_view> prefixes, std::string_view rest) const {
  for (auto const candidate : prefixes) {
    if (begins(std::string(candidate) + std::string(rest))) return std::string(candidate);
  }
  return std::string(*prefixes.begin());
}

}  // namespace distload::infer
