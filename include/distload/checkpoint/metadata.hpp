/// CheckpointMetadata: what a checkpoint states about its model, besides the tensors.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <distload/checkpoint/carried_file.hpp>

namespace distload {

/// Metadata of a checkpoint. Files that state none of it have what can be derived.
struct CheckpointMetadata {
  std::string model_name;  ///< e.g. "all-MiniLM-L6-v2"; the directory's or file's name where the checkpoint states none
  std::string architecture;      ///< config.json's first `architectures` entry, e.g. "LlamaForCausalLM"; may be empty
  std::uint64_t model_size = 0;  ///< number of parameters (elements of all tensors)
  std::uint64_t step = 0;        ///< training step
  std::string created;           ///< ISO 8601, UTC
  std::uint32_t tensor_parallel = 1;         ///< the layout that the file was written for
  std::string writer;                        ///< program and version
  std::string config_json;                   ///< the model's config.json as text; empty if unknown
  std::map<std::string, std::string> extra;  ///< free keys of the caller
  std::vector<CarriedFile> files;            ///< the model's other files; sorted by name
};

}  // namespace distload
