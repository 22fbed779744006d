// Converts DescribedTensor to bytes and back.
#include "save/tensor_message.hpp"

#include "tensor/dims_wire.hpp"

namespace distload {
namespace {

constexpr std::uint8_t kNoExperts = 0;
constexpr std::uint8_t kOneExpert = 1;
constexpr std::uint8_t kAllExperts = 2;

void put_experts(WireWriter& out, std::optional<ExpertPlacement> const& experts) {
  out.put(!experts ? kNoExperts : experts->group ? kOneExpert : kAllExperts);
  if (!experts) return;
  out.put(experts->group.value_or(0));
  out.put(experts->axis);
}

std::optional<ExpertPlacement> get_experts(WireReader& in) {
  auto const kind = in.get<std::uint8_t>();
  if (kind == kNoExperts) return std::nullopt;
  if (kind > kAllExperts) throw InternalError("a message between ranks holds an unknown value");
  ExpertPlacement experts;
  auto const group = in.get<std::uint32_t>();
  if (kind == kOneExpert) experts.group = group;
  experts.axis = in.get<std::uint32_t>();
  return experts;
}

void put_section(WireWriter& out, Section const& section) {
  out.put(section.size);
  out.put(section.unit);
  out.put(static_cast<std::uint8_t>((section.replicate_units ? 1U : 0U) | (section.uneven ? 2U : 0U)));
  out.put(section.group);
  out.put(section.groups);
}

Section get_section(WireReader& in) {
  Section section;
  section.size = in.get<std::uint64_t>();
  section.unit = in.get<std::uint64_t>();
  auto const flags = in.get<std::uint8_t>();
  section.replicate_units = (flags & 1U) != 0;
  section.uneven = (flags & 2U) != 0;
  section.group = in.get<std::uint32_t>();
  section.groups = in.get<std::uint32_t>();
  return section;
}

constexpr std::size_t kSectionBytes = 2 * sizeof(std::uint64_t) + sizeof(std::uint8_t) + 2 * sizeof(std::uint32_t);

}  // namespace

void put_tensor(WireWriter& out, DescribedTensor const& tensor) {
  auto const& [spec, held] = tensor;
  out.put_text(spec.name);
  out.put(spec.dtype);
  put_dims(out, spec.shape);
  out.put(spec.partition.kind);
  out.put(spec.partition.axis);
  out.put(spec.partition.sections.size());
  for (auto const& section : spec.partition.sections) put_section(out, section);
  out.put_all(held.stages);
  put_experts(out, held.experts);
}

DescribedTensor get_tensor(WireReader& in) {
  DescribedTensor tensor;
  auto& [spec, held] = tensor;
  spec.name = in.get_text();
  spec.dtype = in.get_enum(kLastDType);
  spec.shape = get_dims(in);
  spec.partition.kind = in.get_enum(PartitionKind::expert_parallel);
  spec.partition.axis = in.get<std::uint32_t>();
  spec.partition.sections.resize(in.get_count(kSectionBytes));
  for (auto& section : spec.partition.sections) section = get_section(in);
  held.partition = spec.partition;
  held.stages = in.get_all<std::uint32_t>();
  held.experts = get_experts(in);
  return tensor;
}

}  // namespace distload
