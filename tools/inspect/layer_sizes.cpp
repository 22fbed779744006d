// Adds up the tensors of every layer.
#include "inspect/layer_sizes.hpp"

#include <algorithm>
#include <functional>
#include <string_view>

#include "inspect/name_parts.hpp"

namespace distload {
namespace {

void add(SizeByDType& size, TensorInfo const& tensor) {
  auto& of_dtype = size[tensor.dtype];
  ++of_dtype.tensors;
  of_dtype.nbytes += tensor.nbytes();
}

std::string_view module_of(std::string_view name) {
  auto const parts = name_parts(name);
  return parts.size() == 1 ? name : name.substr(0, parts[parts.size() - 2].end);
}

LayerStack stack_of(std::string_view name, std::map<std::uint64_t, SizeByDType> const& layers) {
  LayerStack stack{std::string(name), layers.size(), 0, {}};
  for (auto const& [number, size] : layers) {
    stack.nbytes += nbytes_of(size);
    if (stack.runs.empty() || stack.runs.back().each != size) stack.runs.push_back({{}, size});
    stack.runs.back().numbers.push_back(number);
  }
  return stack;
}

}  // namespace

LayerSizes layer_sizes(Catalog const& catalog) {
  LayerSizes sizes;
  std::map<std::string_view, std::map<std::uint64_t, SizeByDType>> stacks;
  std::map<std::string_view, SizeByDType> outside;
  for (auto const& tensor : catalog.tensors) {
    add(sizes.all, tensor);
    if (auto const layer = layer_of(tensor.name)) {
      add(stacks[layer->stack][layer->number], tensor);
    } else {
      add(outside[module_of(tensor.name)], tensor);
    }
  }
  for (auto const& [name, layers] : stacks) sizes.stacks.push_back(stack_of(name, layers));
  for (auto const& [name, size] : outside) sizes.outside.push_back({std::string(name), size, nbytes_of(size)});
  std::ranges::stable_sort(sizes.stacks, std::greater<>(), &LayerStack::nbytes);
  std::ranges::stable_sort(sizes.outside, std::greater<>(), &ModuleSize::nbytes);
  return sizes;
}

Bytes nbytes_of(SizeByDType const& size) noexcept {
  Bytes nbytes = 0;
  for (auto const& [dtype, of_dtype] : size) nbytes += of_dtype.nbytes;
  return nbytes;
}

}  // namespace distload
