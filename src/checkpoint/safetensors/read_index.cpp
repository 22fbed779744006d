// Parses an index.
#include "checkpoint/safetensors/read_index.hpp"

#include <fstream>

#include <distload/base/bytes.hpp>
#include <distload/base/error.hpp>

#include "base/json.hpp"
#include "base/system.hpp"
#include "base/text.hpp"
#include "checkpoint/safetensors/header.hpp"
#include "checkpoint/unloadable.hpp"

namespace distload {
namespace {

constexpr std::size_t kMaxFileName = 255;

[[noreturn]] void fail_index(std::filesystem::path const& index, std::string const& what) {
  throw CorruptData(index.string() + ": " + what);
}

/// The file name in an entry of the index.
std::string file_name_of(JsonView const& entry) {
  auto text = entry.text();
  // Names with characters that messages escape are refused, as are names longer than file systems allow.
  if (text.empty() || text.find('/') != std::string::npos || text == "." || text == ".." ||
      text.size() > kMaxFileName || printable(text, kMaxFileName) != text) {
    entry.fail("'" + printable(text) + "' is not the name of a file in this directory");
  }
  return text;
}

}  // namespace

std::map<std::string, std::string> read_index(std::filesystem::path const& path) {
  std::error_code error;
  auto const size = std::filesystem::file_size(path, error);
  if (error) throw IoError("cannot read " + path.string() + ": " + why_not_reachable(path, error));
  if (size > kMaxSafetensorsHeaderBytes) fail_index(path, "is larger than " + format_bytes(kMaxSafetensorsHeaderBytes));
  std::ifstream file(path, std::ios::binary);
  if (!file) throw IoError("cannot read " + path.string() + ": " + system_reason());
  std::string text(size, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file) throw IoError("cannot read " + path.string());
  if (is_lfs_pointer(text)) throw NoValidCheckpoint(path.string() + ": " + kLfsPointer);
  auto const json = parse_json(text, {.text_bytes = kMaxSafetensorsHeaderBytes}, path.string());
  auto const weight_map = JsonView(json, path.string()).find("weight_map");
  if (!weight_map) fail_index(path, "has no weight_map");
  std::map<std::string, std::string> files;
  for (auto const& [tensor, name] : weight_map->members()) files.emplace(tensor, file_name_of(name));
  if (files.empty()) fail_index(path, "weight_map is empty: it names no tensor");
  return files;
}

}  // namespace distload
