// Writes and reads the root's attributes.
#include "checkpoint/hdf5/metadata_attributes.hpp"

#include "checkpoint/hdf5/attribute.hpp"
#include "checkpoint/hdf5/format.hpp"
#include "checkpoint/hdf5/group.hpp"

namespace distload::hdf5 {

void put_metadata(GroupView root, CheckpointMetadata const& metadata) {
  auto const id = root.id();
  put_text(id, kModelName, metadata.model_name);
  put_text(id, kArchitecture, metadata.architecture);
  put_number(id, kModelSize, metadata.model_size);
  put_number(id, kStep, metadata.step);
  put_text(id, kCreated, metadata.created);
  put_number(id, kTensorParallel, metadata.tensor_parallel);
  put_text(id, kWriter, metadata.writer);
  put_text(id, kConfigJson, metadata.config_json);
  if (metadata.extra.empty()) return;
  auto const extra = create_group(root, kExtra);
  for (auto const& [name, text] : metadata.extra) put_text(extra.view().id(), name.c_str(), text);
}

CheckpointMetadata get_metadata(GroupView root) {
  auto const id = root.id();
  CheckpointMetadata metadata;
  metadata.model_name = get_text(id, kModelName).value_or("");
  metadata.architecture = get_text(id, kArchitecture).value_or("");
  metadata.model_size = get_number(id, kModelSize).value_or(0);
  metadata.step = get_number(id, kStep).value_or(0);
  metadata.created = get_text(id, kCreated).value_or("");
  metadata.tensor_parallel = static_cast<std::uint32_t>(get_number(id, kTensorParallel).value_or(1));
  metadata.writer = get_text(id, kWriter).value_or("");
  metadata.config_json = get_text(id, kConfigJson).value_or("");
  if (!has_link(root, kExtra)) return metadata;
  auto const extra = open_group(root, kExtra);
  for (auto const& name : attribute_names(extra.view().id())) {
    metadata.extra[name] = get_text(extra.view().id(), name.c_str()).value_or("");
  }
  return metadata;
}

}  // namespace distload::hdf5
