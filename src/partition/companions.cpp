// Matches names and shapes with the formats of a rule set.
#include "partition/companions.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include <distload/base/bytes.hpp>

#include "partition/rules/rule_problem.hpp"

namespace distload::rules {
namespace {

/// Names of the weight of a module.
constexpr std::array<std::string_view, 3> kWeights{".weight", ".weight_packed", ".qweight"};

/// True if `size` elements of a weight are stored in `count`.
bool has_ratio(std::uint64_t size, std::uint64_t count, Follows const& ratio) {
  if (ratio.stored == 1) return divide_up(size, ratio.block) == count;
  return size % ratio.block == 0 && count % ratio.stored == 0 && size / ratio.block == count / ratio.stored;
}

/// Elements of the weight for each of `count` stored ones. Nothing if `count` does not fit.
std::optional<std::uint64_t> block_of(std::uint64_t size, std::uint64_t count, std::optional<std::uint64_t> hint) {
  if (count == size) return 1;
  if (hint && divide_up(size, *hint) == count) return hint;
  if (count != 0 && size % count == 0) return size / count;
  return std::nullopt;
}

/// The format's sizes with another value of the one that depends on the module.
std::vector<SizeDefinition> with_value(Format const& format, std::uint64_t value) {
  auto sizes = format.sizes;
  auto const size = std::ranges::find(sizes, format.by_module->name, &SizeDefinition::name);
  auto const text = std::to_string(value);
  size->expression = {{parse_term(text)}, text};
  return sizes;
}

/// True if the first `count` axes of both shapes are equal.
bool begin_alike(Shape const& a, Shape const& b, std::size_t count) {
  return a.size() >= count && b.size() >= count && std::equal(a.begin(), a.begin() + count, b.begin());
}

}  // namespace

Companions::Companions(Catalog const& catalog, RuleSet const& set, ConfigValues const& config)
    : catalog_(catalog), set_(set), config_(config) {
  sizes_.reserve(set.formats.size());
  for (std::size_t i = 0; i < set.formats.size(); ++i) {
    auto const& format = set.formats[i];
    auto& sizes = sizes_.emplace_back();
    sizes.emplace_back(format.sizes, config);
    for (auto const value : format.by_module ? format.by_module->values : std::vector<std::uint64_t>{}) {
      sizes.emplace_back(definitions_.emplace_back(with_value(format, value)), config);
    }
    (all_hold(format.when, set.flags, config) ? active_ : others_).push_back(i);
  }
  std::stable_partition(active_.begin(), active_.end(),
                        [&](std::size_t i) { return set_.formats[i].weight.has_value(); });
}

std::uint32_t Companions::index_of(TensorInfo const& tensor) const {
  return static_cast<std::uint32_t>(&tensor - catalog_.tensors.data());
}

std::optional<PackedWeight> Companions::packed(std::uint32_t tensor) const {
  auto const& stored = catalog_.tensors[tensor];
  for (auto const index : active_) {
    auto const& weight = set_.formats[index].weight;
    if (!weight) break;  // formats of packed weights are the first
    if (std::ranges::find(weight->dtypes, stored.dtype) == weight->dtypes.end()) continue;
    auto name = weight->name.weight_of(stored.name);
    if (name && stored_in(index, *name) == &stored) return PackedWeight{index, *std::move(name)};
  }
  return std::nullopt;
}

TensorInfo const* Companions::stored_in(std::size_t format, std::string_view weight) const {
  auto const& known = set_.formats[format];
  auto const name = known.weight->name.beside(weight);
  auto const* const stored = name ? catalog_.find(*name) : nullptr;
  if (stored == nullptr || std::ranges::find(known.weight->dtypes, stored->dtype) == known.weight->dtypes.end()) {
    return nullptr;
  }
  for (auto const& tensor : known.beside) {
    for (auto const& companion : tensor.names) {
      auto const beside = companion.beside(weight);
      if (beside && catalog_.find(*beside) != nullptr) return stored;
    }
  }
  return nullptr;
}

std::optional<Companion> Companions::find_in(std::size_t format, std::string_view name) const {
  auto const& known = set_.formats[format];
  for (std::size_t entry = 0; entry < known.beside.size(); ++entry) {
    for (auto const& of : known.beside[entry].names) {
      auto const weight = of.weight_of(name);
      if (!weight) continue;
      if (known.weight) {
        if (auto const* const stored = stored_in(format, *weight)) return Companion{index_of(*stored), format, entry};
        continue;
      }
      if (auto const* const stored = catalog_.find(*weight)) return Companion{index_of(*stored), format, entry};
      for (auto const other : active_) {
        if (!set_.formats[other].weight) break;
        if (auto const* const stored = stored_in(other, *weight)) return Companion{index_of(*stored), format, entry};
      }
    }
  }
  return std::nullopt;
}

Follows Companions::ratio_of(std::size_t format, std::size_t by_module, FormatAxis const& axis) const {
  auto const& sizes = sizes_[format][by_module];
  auto const block = sizes.positive(*axis.block);
  auto const stored = axis.stored ? sizes.positive(*axis.stored) : 1;
  auto const common = std::gcd(block, stored);
  return {0, block / common, stored / common};
}

std::optional<Companion> Companions::find(std::string_view name) const {
  if (name.empty()) return std::nullopt;
  for (auto const format : active_) {
    if (auto const found = find_in(format, name)) return found;
  }
  for (auto const format : others_) {
    auto found = find_in(format, name);
    if (!found) continue;
    found->is_active = false;
    return found;
  }
  return std::nullopt;
}

std::vector<std::string> Companions::possible_weights(std::string_view name) const {
  std::vector<std::string> weights;
  auto const add = [&](FormatName const& of) {
    if (auto weight = of.weight_of(name)) weights.push_back(*std::move(weight));
  };
  for (auto const index : active_) {
    auto const& format = set_.formats[index];
    if (format.weight) add(format.weight->name);
    for (auto const& tensor : format.beside) std::ranges::for_each(tensor.names, add);
  }
  return weights;
}

UnpackedWeight Companions::unpack(PackedWeight const& weight, Shape const& stored, bool reversed,
                                  std::size_t by_module) const {
  auto const& format = set_.formats[weight.format];
  auto const& axes = format.weight->shape;
  if (stored.size() < axes.size()) {
    throw RuleProblem("a weight of the format " + format.name + " has " + std::to_string(axes.size()) + " axes (" +
                      format.location + ")");
  }
  auto const leading = stored.size() - axes.size();
  UnpackedWeight unpacked;
  unpacked.by_module = by_module;
  unpacked.shape = Shape::filled(leading + 2, 0);
  unpacked.axes.resize(leading + 2);
  for (std::size_t axis = 0; axis < leading; ++axis) {
    unpacked.shape[axis] = stored[axis];
    unpacked.axes[axis] = Follows{axis, 1};
  }
  for (std::size_t i = 0; i < axes.size(); ++i) {
    auto const axis = leading + i;
    auto const [ignored, block, together] = ratio_of(weight.format, by_module, axes[i]);
    if (!axes[i].follows) {
      if (stored[axis] == block) continue;
      throw RuleProblem("a weight of the format " + format.name + " has " + std::to_string(block) +
                        " elements along axis " + std::to_string(axis) + " (" + format.location + ")");
    }
    auto const is_last = (*axes[i].follows == WeightAxis::in) != reversed;
    if (stored[axis] % together != 0) {
      throw RuleProblem("in the format " + format.name + ", axis " + std::to_string(axis) + " has a multiple of " +
                        std::to_string(together) + " elements (" + format.location + ")");
    }
    auto const elements = checked_multiply(stored[axis] / together, block);
    if (!elements) throw RuleProblem("the unpacked weight does not fit 64 bits");
    unpacked.shape[leading + (is_last ? 1 : 0)] = *elements;
    unpacked.axes[leading + (is_last ? 1 : 0)] = Follows{axis, block, together};
  }
  return unpacked;
}

AxisMap Companions::follow(Companion const& companion, Shape const& weight, WeightAxes axes, std::size_t cut,
                           Shape const& shape) const {
  AxisMap map(weight.size());
  if (volume(shape) <= 1) return map;
  auto const& entry = set_.formats[companion.format].beside[companion.entry];
  auto const leading = weight.size() < 2 ? 0 : weight.size() - 2;
  auto const size_of = [&](WeightAxis axis) {
    auto const at = axis == WeightAxis::out ? axes.out : axes.in;
    return at < weight.size() ? weight[at] : 1;
  };
  auto const fits = [&](FormatShape const& wanted) {
    map.assign(weight.size(), std::nullopt);
    if (shape.size() != leading + wanted.size() || !begin_alike(shape, weight, leading)) return false;
    for (std::size_t axis = 0; axis < leading; ++axis) map[axis] = Follows{axis, 1};
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      auto const count = shape[leading + i];
      auto const has_size = wanted[i].block.has_value();
      auto follows = has_size ? ratio_of(companion.format, companion.by_module, wanted[i]) : Follows{};
      if (!wanted[i].follows) {
        if (count != follows.block) return false;
        continue;
      }
      auto const followed = *wanted[i].follows;
      auto const at = followed == WeightAxis::out ? axes.out : axes.in;
      if (has_size && !has_ratio(size_of(followed), count, follows)) return false;
      if (!has_size) {
        auto const block = block_of(size_of(followed), count, block_along(companion, followed));
        if (!block && at != cut && count < size_of(followed)) continue;
        if (!block) return false;
        follows.block = *block;
      }
      follows.axis = leading + i;
      // One element for all of the axis is for every rank.
      if (at < map.size() && (count != 1 || size_of(followed) == 1)) map[at] = follows;
    }
    return true;
  };
  if (std::ranges::any_of(entry.shapes, fits)) return map;
  std::string hints;
  for (auto const axis : {WeightAxis::out, WeightAxis::in}) {
    if (auto const block = block_along(companion, axis)) {
      hints += std::string(hints.empty() ? ", where config.json has blocks of " : " and ") + std::to_string(*block);
    }
  }
  throw RuleProblem("its shape is not " + entry.text + " with out = " + std::to_string(size_of(WeightAxis::out)) +
                    " and in = " + std::to_string(size_of(WeightAxis::in)) + hints + " (" + entry.location + ")");
}

std::optional<AxisMap> Companions::follow_stored(Companion const& companion, Shape const& weight,
                                                 Shape const& shape) const {
  auto const& format = set_.formats[companion.format];
  FormatShape const plain{{WeightAxis::out, {}, {}}, {WeightAxis::in, {}, {}}};
  auto const& of_weight = format.weight ? format.weight->shape : plain;
  if (weight.size() < of_weight.size()) return std::nullopt;
  auto const leading = weight.size() - of_weight.size();
  for (auto const& wanted : format.beside[companion.entry].shapes) {
    if (shape.size() != leading + wanted.size()) continue;
    AxisMap map(weight.size());
    for (std::size_t axis = 0; axis < leading; ++axis) map[axis] = Follows{axis, 1};
    for (std::size_t i = 0; i < of_weight.size(); ++i) {
      if (!of_weight[i].follows) continue;
      auto const same = std::ranges::find(wanted, of_weight[i].follows, &FormatAxis::follows);
      if (same != wanted.end())
        map[leading + i] = Follows{leading + static_cast<std::size_t>(same - wanted.begin()), 1};
    }
    return map;
  }
  return std::nullopt;
}

std::optional<std::string> Companions::refused(std::size_t format, std::optional<WeightAxis> cut) const {
  auto const& known = set_.formats[format];
  for (auto const& refusal : known.refused) {
    if (refusal.cut != cut || !all_hold(refusal.when, set_.flags, config_)) continue;
    return "the format " + known.name + " cannot be " + (cut ? "cut along the weight's inputs" : "cut") + ": " +
           refusal.reason + " (" + known.location + ")";
  }
  return std::nullopt;
}

std::optional<std::uint64_t> Companions::block_along(Companion const& companion, WeightAxis axis) const {
  auto const& format = set_.formats[companion.format];
  auto const& block = axis == WeightAxis::out ? format.out_block : format.in_block;
  auto const& sizes = sizes_[companion.format].front();
  return block && sizes.find(*block) ? std::optional(sizes.positive(*block)) : std::nullopt;
}

TensorInfo const* weight_beside(Catalog const& catalog, std::string_view name) {
  for (auto end = name.find_last_of("._"); end != std::string_view::npos && end > 0;
       end = name.find_last_of("._", end - 1)) {
    if (auto const* const longer = catalog.find(name.substr(0, end))) return longer;
  }
  auto const dot = name.rfind('.');
  if (dot == std::string_view::npos) return nullptr;
  for (auto const ending : kWeights) {
    auto const weight = std::string(name.substr(0, dot)) + std::string(ending);
    if (weight == name) return nullptr;  // it is the weight
    if (auto const* const found = catalog.find(weight)) return found;
  }
  return nullptr;
}

}  // namespace distload::rules
