// model.safetensors.index.json over three tensors in two files.
#include "checkpoint/safetensors/directory.hpp"
#include "checkpoint/safetensors/file_layout.hpp"
#include "fuzz/checked_catalog.hpp"
#include "fuzz/input_folder.hpp"

namespace distload::fuzz {
namespace {

/// A file of float32 tensors of two elements each.
std::string file_of(std::vector<std::string> const& names) {
  std::vector<SafetensorsTensor> tensors;
  for (auto const& name : names) tensors.push_back({name, DType::f32, {2}});
  auto const file = lay_out_safetensors(tensors, kGiB).front();
  return file.header + std::string(file.size_bytes - file.header.size(), '\0');
}

InputFolder const& folder() {
  static InputFolder const made;
  static bool const filled = [] {
    made.write("one.safetensors", file_of({"a", "b"}));
    made.write("two.safetensors", file_of({"c"}));
    return true;
  }();
  static_cast<void>(filled);
  return made;
}

}  // namespace

void one_input(Input input) {
  folder().write(kSafetensorsIndexFile, text_of(input));
  auto const catalog = read_safetensors_catalog(folder().path());
  expect_usable(catalog);
}

}  // namespace distload::fuzz
