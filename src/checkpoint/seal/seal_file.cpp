// Reads the sidecar file and the properties of its files.
#include "checkpoint/seal/seal_file.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <system_error>
#include <vector>

#include <sys/stat.h>

#include <distload/base/error.hpp>

#include "base/hash.hpp"
#include "base/system.hpp"
#include "checkpoint/safetensors/header.hpp"
#include "checkpoint/seal/seal_format.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

void append_numbers(std::string& text, Dims const& numbers) {
  for (auto const number : numbers) text.append(std::to_string(number)).append(",");
}

std::uint64_t hash_of_safetensors_header(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw IoError("cannot read " + path + ": " + system_reason());
  std::uint64_t length = 0;
  std::vector<char> head(sizeof length);
  file.read(head.data(), sizeof length);
  if (!file) throw IoError("cannot read " + path);
  std::memcpy(&length, head.data(), sizeof length);
  if (length > kMaxSafetensorsHeaderBytes) throw CorruptData(path + " changes while it is being read");
  head.resize(sizeof length + length);
  file.read(head.data() + sizeof length, static_cast<std::streamsize>(length));
  if (file.eof()) throw CorruptData(path + " changes while it is being read");
  if (!file) throw IoError("cannot read " + path);
  return xxh3_64(std::as_bytes(std::span(head)));
}

}  // namespace

std::string seal_path(std::string const& file) { return (fs::path(file).parent_path() / kSealFile).string(); }

std::optional<Seal> read_seal(std::string const& path) {
  std::error_code error;
  auto const size = fs::file_size(path, error);
  if (error == std::errc::no_such_file_or_directory) return std::nullopt;
  if (error) throw IoError("cannot read " + path + ": " + error.message());
  if (size > kMaxSealBytes) throw CorruptData(path + " is larger than " + format_bytes(kMaxSealBytes));
  std::ifstream file(path, std::ios::binary);
  std::string const text(std::istreambuf_iterator<char>(file), {});
  if (!file) throw IoError("cannot read " + path);
  return parse_seal(text, path);
}

FileFacts facts_of(Catalog const& catalog, std::uint32_t file) {
  auto const& path = catalog.files[file].path;
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) throw IoError("cannot examine " + path + ": " + system_reason());
  constexpr std::int64_t kNanoseconds = 1'000'000'000;
  FileFacts facts;
  facts.size_bytes = static_cast<Bytes>(status.st_size);
  facts.mtime_ns = status.st_mtim.tv_sec * kNanoseconds + status.st_mtim.tv_nsec;
  if (catalog.format == SourceFormat::safetensors) {
    // Opened once more: only a file that has a seal needs the hash of its header, which reading the catalog does not
    // keep.
    facts.header_hash = hash_of_safetensors_header(path);
  } else {
    auto const description = description_of_tensors(catalog);
    facts.header_hash = xxh3_64(std::as_bytes(std::span(description)));
  }
  return facts;
}

std::string description_of_tensors(Catalog const& catalog) {
  std::string text;
  for (auto const& tensor : catalog.tensors) {
    text.append(tensor.name).append(1, '\0').append(name_of(tensor.dtype)).append(1, '\0');
    append_numbers(text, tensor.shape);
    text.append(1, '\0');
    for (auto const& extent : catalog.extents_of(tensor)) {
      text.append(std::to_string(extent.offset_bytes)).append(",").append(std::to_string(extent.nbytes)).append(",");
      append_numbers(text, extent.box.offset);
      append_numbers(text, extent.box.extent);
      text.append(";");
    }
    text.append("\n");
  }
  return text;
}

}  // namespace distload
