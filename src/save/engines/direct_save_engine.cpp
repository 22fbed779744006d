// Converts ranges of extents to file offsets.
#include "save/engines/direct_save_engine.hpp"

#include <string>
#include <vector>

namespace distload {
namespace {

std::vector<std::string> paths_of(Catalog const& catalog) {
  std::vector<std::string> paths;
  paths.reserve(catalog.files.size());
  for (auto const& file : catalog.files) paths.push_back(file.path);
  return paths;
}

}  // namespace

DirectSaveEngine::DirectSaveEngine(Catalog const& catalog) : catalog_(&catalog), writer_(paths_of(catalog)) {}

void DirectSaveEngine::write(std::uint32_t extent_number, Bytes begin_bytes, std::span<std::byte const> bytes) {
  auto const& extent = catalog_->extents[extent_number];
  writer_.write(extent.file, extent.offset_bytes + begin_bytes, bytes);
}

OutputFile const& DirectSaveEngine::file_of(std::uint32_t extent) {
  return writer_.file(catalog_->extents[extent].file);
}

}  // namespace distload
