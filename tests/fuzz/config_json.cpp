// config.json beside a checkpoint of one tensor: as part of the catalog, and as it is saved.
#include <vector>

#include <distload/checkpoint/catalog.hpp>

#include "checkpoint/safetensors/directory.hpp"
#include "checkpoint/safetensors/file_layout.hpp"
#include "checkpoint/safetensors/model_config_file.hpp"
#include "fuzz/checked_catalog.hpp"
#include "fuzz/input_folder.hpp"

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

}  // namespace

void one_input(Input input) {
  folder().write("config.json", text_of(input));
  auto catalog = read_safetensors_catalog(folder().path());
  expect_usable(catalog);
  catalog.metadata.config_json = config_json_of(catalog);
  expect(config_json_of(catalog) == catalog.metadata.config_json, "a saved config.json is changed by another save");
}

}  // namespace distload::fuzz
