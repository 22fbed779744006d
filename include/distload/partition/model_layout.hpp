/// ModelLayout: every parameter of a checkpoint with its partition and its pipeline stages.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <distload/base/topology.hpp>
#include <distload/checkpoint/catalog.hpp>
#include <distload/partition/partition.hpp>

namespace distload {

/// A tensor of the catalog as the ranks hold it.
struct Parameter {
  std::uint32_t tensor = 0;                               ///< index into `Catalog::tensors`
  Partition partition;                                    ///< over tensor-parallel ranks
  std::vector<std::uint32_t> stages;                      ///< pipeline stages that hold it, ascending; never empty
  std::string rule;                                       ///< file and line of its rule: "llama.yaml:12"
  std::optional<ExpertPlacement> experts = std::nullopt;  ///< under expert parallelism: replaces `partition`
  bool added_once = false;  ///< bias of a row-parallel layer: all ranks hold it; one addition after the sum
  bool transposed = false;  ///< the last two axes are swapped in memory: [in, out]
  bool keep_dtype = false;  ///< keeps the stored type with any `load.dtype`
  std::vector<std::string> split_names =
      {};  ///< names of the parameters that its sections become; empty: it is not split
  std::optional<std::uint32_t> layer = std::nullopt;     ///< that its name and rule say; embeddings and heads have none
  std::shared_ptr<RankLayouts const> layouts = nullptr;  ///< replaces `partition` and `experts` where it is there
};

/// Tensors that are concatenated along their cut axis to one parameter.
struct Fusion {
  std::string name;                    ///< of that parameter
  std::vector<std::uint32_t> tensors;  ///< in this order; indices into `Catalog::tensors`
};

/// A second name of a parameter (a tied lm_head).
struct Alias {
  std::string name;    ///< the second one
  std::string target;  ///< name of the tensor that is loaded
};

/// Two tensors of one shape and dtype that config.json ties and the checkpoint stores both.
struct StoredTie {
  std::uint32_t alias = 0;   ///< index into `Catalog::tensors`
  std::uint32_t target = 0;  ///< likewise
};

/// What the units are that a rule cuts between, for messages: "heads (num_attention_heads)".
struct CutWords {
  std::string groups;              ///< empty: there are no groups with a name
  std::vector<std::string> units;  ///< by section of a group; empty: elements

  friend bool operator==(CutWords const&, CutWords const&) = default;
};

/// How a model is cut.
struct ModelLayout {
  std::string family;                  ///< e.g. "llama"
  std::vector<Parameter> parameters;   ///< in the order of `Catalog::tensors`
  std::vector<Alias> aliases;          ///< of parameters
  std::vector<Fusion> fusions;         ///< of tensors that are loaded as one parameter
  std::vector<std::string> warnings;   ///< tensors missing or unexpected, where allowed, and ties whose tensors differ
  std::vector<StoredTie> untied = {};  ///< of which both are parameters
  std::map<std::string, CutWords> cut_words = {};  ///< by `Parameter::rule`
};

}  // namespace distload
