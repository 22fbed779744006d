// config.json beside a checkpoint of one tensor: as part of the catalog, as sizes for the rules, and as it is saved.
#include <cstdint>

#include <distload/checkpoint/catalog.hpp>

#include "checkpoint/safetensors/directory.hpp"
#include "checkpoint/safetensors/file_layout.hpp"
#include "checkpoint/safetensors/model_config.hpp"
#include "fuzz/checked_catalog.hpp"
#include "fuzz/input_folder.hpp"
#include "partition/rules/model_config.hpp"
#include "partition/rules/rule_problem.hpp"

namespace distload::fuzz {
namespace {

InputFolder const& folder() {
  static InputFolder const made;
  static bool const filled = [] {
    auto const file = lay_out_safetensors(std::vector<SafetensorsTensor>{{"a", DType::bf16, {2}}}, kGiB).front();
    made.write("model.safetensors", file.header + std::string(file.size_bytes - file.header.size(), '\0'));
    return true;
  }();
  static_cast<void>(filled);
  return made;
}

void look_up(rules::ModelConfig const& config) {
  for (auto const* const key : {"model_type", "hidden_size", "num_hidden_layers", "text_config.hidden_size",
                                "tie_word_embeddings", "quantization_config.weight_block_size.0"}) {
    static_cast<void>(config.text(key));
    try {
      static_cast<void>(config.size(key));
      static_cast<void>(config.boolean(key));
    } catch (rules::RuleProblem const&) {
      // The key has a value of another kind, which is said to the user together with what needs it.
    }
  }
}

}  // namespace

void one_input(Input input) {
  folder().write("config.json", text_of(input));
  auto catalog = read_safetensors_catalog(folder().path());
  expect_usable(catalog);
  look_up(rules::ModelConfig(catalog.metadata.config_json));
  catalog.metadata.config_json = config_json_of(catalog);
  look_up(rules::ModelConfig(catalog.metadata.config_json));
  expect(config_json_of(catalog) == catalog.metadata.config_json, "a saved config.json is changed by another save");
}

}  // namespace distload::fuzz
