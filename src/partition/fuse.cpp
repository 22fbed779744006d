// Joins tensors along their partitioned axis.
#include "partition/fuse.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <utility>

namespace distload {
namespace {

/// A tensor of the fused checkpoint: one or several stored tensors, in order.
struct Member {
  std::string name;
  std::vector<std::uint32_t> tensors;    ///< indices in the stored catalog
  Parameter const* parameter = nullptr;  ///< of the first tensor; nullptr if the tensor is not loaded
  std::vector<Section> sections;         ///< of all tensors, if there are several
  bool keep_dtype = false;               ///< true if one of them keeps its type
};

/// The tensors of the fused checkpoint, sorted by name.
std::vector<Member> members_of(Catalog const& catalog, ModelLayout const& layout) {
  std::vector<Parameter const*> parameters(catalog.tensors.size(), nullptr);
  for (auto const& parameter : layout.parameters) parameters[parameter.tensor] = &parameter;
  std::vector<bool> fused(catalog.tensors.size(), false);
  std::vector<Member> members;
  for (auto const& fusion : layout.fusions) {
    Member member{fusion.name, fusion.tensors, parameters[fusion.tensors.front()], {}, false};
    for (auto const tensor : fusion.tensors) {
      fused[tensor] = true;
      auto const& sections = parameters[tensor]->partition.sections;
      member.sections.insert(member.sections.end(), sections.begin(), sections.end());
      member.keep_dtype = member.keep_dtype || parameters[tensor]->keep_dtype;
    }
    members.push_back(std::move(member));
  }
  for (std::uint32_t tensor = 0; tensor < catalog.tensors.size(); ++tensor) {
    if (!fused[tensor])
      members.push_back(
          {.name = catalog.tensors[tensor].name, .tensors = {tensor}, .parameter = parameters[tensor], .sections = {}});
  }
  std::ranges::sort(members, {}, &Member::name);
  return members;
}

}  // namespace

FusedCheckpoint fuse(Catalog const& catalog, ModelLayout const& layout) {
  FusedCheckpoint fused;
  fused.catalog = catalog;
  fused.catalog.tensors.clear();
  fused.catalog.extents.clear();
  fused.layout.family = layout.family;
  fused.layout.aliases = layout.aliases;
  fused.layout.warnings = layout.warnings;
  for (auto const& member : members_of(catalog, layout)) {
    auto const index = static_cast<std::uint32_t>(fused.catalog.tensors.size());
    auto tensor = catalog.tensors[member.tensors.front()];
    tensor.name = member.name;
    tensor.first_extent = static_cast<std::uint32_t>(fused.catalog.extents.size());
    auto const axis = member.parameter != nullptr ? member.parameter->partition.axis : 0;
    std::uint64_t begin = 0;
    for (auto const part : member.tensors) {
      auto const& stored = catalog.tensors[part];
      for (std::uint32_t i = 0; i < stored.extent_count; ++i) {
        auto extent = catalog.extents[stored.first_extent + i];
        extent.tensor = index;
        if (begin > 0) extent.box.offset[axis] += begin;
        fused.catalog.extents.push_back(extent);
        fused.stored_extents.push_back(stored.first_extent + i);
      }
      if (member.tensors.size() > 1) begin += stored.shape[axis];
    }
    if (member.tensors.size() > 1) tensor.shape[axis] = begin;
    tensor.extent_count = static_cast<std::uint32_t>(fused.catalog.extents.size()) - tensor.first_extent;
    fused.catalog.tensors.push_back(std::move(tensor));
    if (member.parameter == nullptr) continue;
    auto parameter = *member.parameter;
    parameter.tensor = index;
    if (!member.sections.empty()) parameter.partition.sections = member.sections;
    parameter.keep_dtype = parameter.keep_dtype || member.keep_dtype;
    fused.layout.parameters.push_back(std::move(parameter));
  }
  return fused;
}

std::vector<SplitPart> split(Parameter const& parameter, Shape const& shape) {
  assert(parameter.split_names.size() == parameter.partition.sections.size());
  std::vector<SplitPart> parts;
  for (std::size_t i = 0; i < parameter.split_names.size(); ++i) {
    SplitPart part{parameter.split_names[i], shape, parameter.partition};
    part.partition.sections = {parameter.partition.sections[i]};
    part.shape[part.partition.axis] = part.partition.sections.front().size;
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace distload
