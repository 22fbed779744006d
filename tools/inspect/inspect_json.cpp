// Prints catalog, plan and health as JSON.
#include "inspect/inspect_json.hpp"

#include <nlohmann/json.hpp>

#include <fmt/core.h>

#include "base/json.hpp"
#include "checkpoint/packed_shape.hpp"
#include "partition/placement.hpp"

namespace distload {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(Dims const& dims) {
  auto json = Json::array();
  for (auto const size : dims) json.push_back(size);
  return json;
}

Json text_or_null(std::string const& text) { return text.empty() ? Json() : Json(text); }

Json checkpoint_json(Catalog const& catalog) {
  auto const& metadata = catalog.metadata;
  Bytes checksummed = 0;
  for (auto const& extent : catalog.extents) checksummed += extent.has_checksums() ? extent.nbytes : 0;
  Json json;
  json["path"] = catalog.path;
  json["format"] = catalog.format == SourceFormat::hdf5 ? "hdf5" : "safetensors";
  json["model"] = metadata.model_name;
  json["architecture"] = text_or_null(metadata.architecture);
  json["parameters"] = metadata.model_size;
  json["step"] = metadata.step;
  json["created"] = text_or_null(metadata.created);
  json["writer"] = text_or_null(metadata.writer);
  json["tensor_parallel"] = metadata.tensor_parallel;
  json["bytes"] = catalog.nbytes();
  json["checksummed_bytes"] = checksummed;
  json["block_bytes"] = catalog.block_bytes;
  json["extra"] = Json::object();
  for (auto const& [key, value] : metadata.extra) json["extra"][key] = value;
  return json;
}

Json files_json(Catalog const& catalog) {
  auto json = Json::array();
  for (auto const& file : catalog.files) json.push_back({{"path", file.path}, {"size_bytes", file.size_bytes}});
  return json;
}

Json carried_json(Catalog const& catalog) {
  auto json = Json::array();
  for (auto const& file : catalog.metadata.files) {
    json.push_back({{"name", file.name}, {"size_bytes", file.nbytes}, {"by_default", file.by_default}});
  }
  return json;
}

/// The box in elements as files state them: units of types smaller than a byte count as their numbers.
Json extent_json(Catalog const& catalog, Extent const& extent) {
  auto const dtype = catalog.tensors[extent.tensor].dtype;
  Json json;
  json["file"] = extent.file;
  json["offset_bytes"] = extent.offset_bytes;
  json["bytes"] = extent.nbytes;
  json["box"] = {{"offset", json_of(shape_in_numbers(dtype, extent.box.offset))},
                 {"shape", json_of(shape_in_numbers(dtype, extent.box.extent))}};
  if (!extent.has_checksums()) {
    json["xxh3_64"] = nullptr;
    return json;
  }
  json["xxh3_64"] = Json::array();
  for (auto const hash : catalog.hashes_of(extent)) json["xxh3_64"].push_back(fmt::format("{:016x}", hash));
  return json;
}

Json tensors_json(Catalog const& catalog, bool extents) {
  auto json = Json::array();
  for (auto const& tensor : catalog.tensors) {
    Json one;
    one["name"] = tensor.name;
    one["dtype"] = name_of(tensor.dtype);
    one["shape"] = json_of(shape_in_numbers(tensor.dtype, tensor.shape));
    one["bytes"] = tensor.nbytes();
    one["written_as"] = text_or_null(tensor.partition);
    one["written_axis"] = tensor.axis < 0 ? Json() : Json(tensor.axis);
    if (extents) {
      one["extents"] = Json::array();
      for (auto const& extent : catalog.extents_of(tensor)) one["extents"].push_back(extent_json(catalog, extent));
    }
    json.push_back(std::move(one));
  }
  return json;
}

Json unreadable_json(Catalog const& catalog) {
  auto json = Json::array();
  for (auto const& tensor : catalog.unreadable) {
    json.push_back({{"name", tensor.name}, {"reason", tensor.absent ? "not there" : tensor.why}});
  }
  return json;
}

Json parameter_json(Catalog const& catalog, Parameter const& parameter, Topology const& topology) {
  auto const& tensor = catalog.tensors[parameter.tensor];
  auto const placement = placement_of(parameter.partition, parameter.experts, tensor.shape, topology);
  auto const kind = placement.only ? PartitionKind::expert_parallel : placement.partition.kind;
  auto parts = Json::array();
  for (std::uint32_t part = 0; part < placement.parts; ++part) {
    if (placement.only && part != *placement.only) continue;
    auto const shard = shard_layout(placement.partition, tensor.shape, part, placement.parts).shape;
    parts.push_back({{"part", part}, {"shape", json_of(shape_in_numbers(tensor.dtype, shard))}});
    if (kind == PartitionKind::replicated) break;
  }
  Json json;
  json["tensor"] = tensor.name;
  json["partition"] = name_of(kind);
  json["axis"] = kind == PartitionKind::replicated || placement.only ? Json() : Json(placement.partition.axis);
  json["parts"] = kind == PartitionKind::replicated ? 1 : placement.parts;
  json["stages"] = parameter.stages;
  json["rule"] = parameter.rule;
  json["shards"] = std::move(parts);
  return json;
}

Json plan_json(Catalog const& catalog, Planned const& planned) {
  auto const& [layout, plan] = planned;
  auto const& topology = plan.topology;
  Json json;
  json["family"] = layout.family;
  json["topology"] = {{"tensor_parallel", topology.tensor_parallel},
                      {"pipeline_parallel", topology.pipeline_parallel},
                      {"data_parallel", topology.data_parallel},
                      {"expert_parallel", topology.expert_parallel}};
  json["requested_bytes"] = plan.requested_bytes;
  json["storage_read_bytes"] = plan.storage_read_bytes;
  json["exchanged_bytes"] = plan.exchanged_bytes;
  json["ranks"] = Json::array();
  for (std::uint32_t rank = 0; rank < plan.ranks.size(); ++rank) {
    auto const& load = plan.ranks[rank];
    auto const at = coordinates_of(topology, rank);
    json["ranks"].push_back({{"rank", rank},
                             {"tensor", at.tensor},
                             {"data", at.data},
                             {"pipeline", at.pipeline},
                             {"resident_bytes", load.resident_bytes},
                             {"read_bytes", load.read_bytes},
                             {"sent_bytes", load.sent_bytes},
                             {"received_bytes", load.received_bytes},
                             {"staging_bytes", load.staging_bytes}});
  }
  json["parameters"] = Json::array();
  for (auto const& parameter : layout.parameters)
    json["parameters"].push_back(parameter_json(catalog, parameter, topology));
  json["aliases"] = Json::array();
  for (auto const& alias : layout.aliases) json["aliases"].push_back({{"name", alias.name}, {"target", alias.target}});
  json["warnings"] = layout.warnings;
  return json;
}

/// Blocks are named as by distload-verify.
Json block_json(Catalog const& catalog, DamagedBlock const& block) {
  Json json;
  if (block.is_of_file) {
    auto const& file = catalog.metadata.files[block.extent];
    json["file"] = file.path;
    json["begin_bytes"] = file.offset_bytes;
    json["end_bytes"] = file.offset_bytes + file.nbytes;
  } else {
    auto const& extent = catalog.extents[block.extent];
    auto const begin = extent.offset_bytes + block.begin_bytes;
    json["tensor"] = catalog.tensors[extent.tensor].name;
    json["file"] = catalog.files[extent.file].path;
    json["begin_bytes"] = begin;
    json["end_bytes"] = begin + block.nbytes;
  }
  json["reason"] = block.reason;
  return json;
}

Json health_json(Catalog const& catalog, Health const& health) {
  Json json;
  json["state"] = state_of(health);
  json["exit_code"] = static_cast<int>(health.code);
  json["reason"] = health.reason;
  json["verified_bytes"] = health.verified_bytes;
  json["unverified_bytes"] = health.unverified_bytes;
  json["damaged_blocks"] = Json::array();
  for (auto const& block : health.damage) json["damaged_blocks"].push_back(block_json(catalog, block));
  return json;
}

}  // namespace

std::string as_json(Catalog const& catalog, bool extents, Planned const* planned, Health const* health) {
  Json json;
  json["schema"] = "distload-inspect/1";
  json["checkpoint"] = checkpoint_json(catalog);
  json["files"] = files_json(catalog);
  json["carried_files"] = carried_json(catalog);
  json["tensors"] = tensors_json(catalog, extents);
  json["unreadable_tensors"] = unreadable_json(catalog);
  json["warnings"] = catalog.warnings;
  json["plan"] = planned == nullptr ? Json() : plan_json(catalog, *planned);
  json["health"] = health == nullptr ? Json() : health_json(catalog, *health);
  return json_text(json, 2) + "\n";
}

}  // namespace distload
