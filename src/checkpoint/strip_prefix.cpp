// Renames and sorts tensors.
#include "checkpoint/strip_prefix.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include <distload/base/error.hpp>

#include "base/text.hpp"

namespace distload {
namespace {

/// True if `name` began with `prefix`, which has been removed.
bool strip(std::string& name, std::string const& prefix) {
  if (!name.starts_with(prefix)) return false;
  if (name.size() == prefix.size()) {
    throw ConfigError("model.strip_prefix: '" + printable(prefix) +
                      "' is the whole name of a tensor, of which nothing would remain");
  }
  name.erase(0, prefix.size());
  return true;
}

/// Sorts the tensors by name, and the extents by tensor.
void sort_tensors(Catalog& catalog) {
  std::vector<std::uint32_t> order(catalog.tensors.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&](auto index) -> std::string const& { return catalog.tensors[index].name; });
  std::vector<TensorInfo> tensors;
  std::vector<Extent> extents;
  tensors.reserve(order.size());
  extents.reserve(catalog.extents.size());
  for (auto const index : order) {
    auto tensor = std::move(catalog.tensors[index]);
    auto const first = static_cast<std::uint32_t>(extents.size());
    for (std::uint32_t i = 0; i < tensor.extent_count; ++i) {
      auto extent = catalog.extents[tensor.first_extent + i];
      extent.tensor = static_cast<std::uint32_t>(tensors.size());
      extents.push_back(extent);
    }
    tensor.first_extent = first;
    tensors.push_back(std::move(tensor));
  }
  catalog.tensors = std::move(tensors);
  catalog.extents = std::move(extents);
}

}  // namespace

void strip_prefix(Catalog& catalog, std::string const& prefix) {
  if (prefix.empty()) return;
  std::size_t stripped = 0;
  for (auto& tensor : catalog.tensors) stripped += strip(tensor.name, prefix) ? 1U : 0U;
  for (auto& tensor : catalog.unreadable) stripped += strip(tensor.name, prefix) ? 1U : 0U;
  if (stripped == 0) {
    throw ConfigError("model.strip_prefix: no tensor's name begins with '" + printable(prefix) + "'; " +
                      (catalog.tensors.empty() ? "" : "the first is " + printable(catalog.tensors.front().name)));
  }
  sort_tensors(catalog);
  std::ranges::sort(catalog.unreadable, {}, &UnreadableTensor::name);
  auto const refuse = [&](std::string const& name) {
    throw ConfigError("model.strip_prefix: without '" + printable(prefix) + "' two tensors are named " +
                      printable(name));
  };
  auto const same = std::ranges::adjacent_find(catalog.tensors, {}, &TensorInfo::name);
  if (same != catalog.tensors.end()) refuse(same->name);
  auto const unreadable = std::ranges::adjacent_find(catalog.unreadable, {}, &UnreadableTensor::name);
  if (unreadable != catalog.unreadable.end()) refuse(unreadable->name);
  for (auto const& tensor : catalog.unreadable) {
    if (catalog.find(tensor.name) != nullptr) refuse(tensor.name);
  }
}

}  // namespace distload
