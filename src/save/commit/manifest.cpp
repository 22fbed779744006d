// Writes and reads manifests; computes fingerprints.
#include "save/commit/manifest.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <vector>

#include <distload/base/error.hpp>
#include <distload/version.hpp>

#include "base/hash.hpp"
#include "base/json.hpp"
#include "checkpoint/safetensors/header.hpp"
#include "io/files/input_file.hpp"
#include "io/files/output_file.hpp"
#include "save/commit/durable.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr char const* kFormat = "distload manifest";
constexpr std::uint64_t kVersion = 1;
constexpr Bytes kMostBytes = 16 * kMiB;
constexpr std::size_t kMostDepth = 8;
constexpr Bytes kReadAtOnce = kMiB;
constexpr Bytes kSamples = 16;
constexpr Bytes kSampleBytes = 4 * kKiB;

/// Adds the range, up to the end of the file, to the hash.
void hash_range(InputFile const& file, Bytes begin, Bytes nbytes, StreamHash& hash) {
  std::vector<std::byte> buffer(std::min(nbytes, kReadAtOnce));
  while (nbytes > 0) {
    auto const part = std::span(buffer).first(std::min<Bytes>(nbytes, buffer.size()));
    auto const read = file.read_at(begin, part);
    hash.update(part.first(read));
    if (read < part.size()) return;
    begin += read;
    nbytes -= read;
  }
}

/// Size of a safetensors file's header, including the length field.
Bytes header_bytes(InputFile const& file) {
  std::uint64_t length = 0;
  auto const read = file.read_at(0, std::as_writable_bytes(std::span(&length, 1)));
  return read < sizeof length ? 0 : sizeof length + std::min<Bytes>(length, kMaxSafetensorsHeaderBytes);
}

Json head(bool is_complete) {
  return {
      {"format", kFormat}, {"version", kVersion}, {"writer", "distload " DISTLOAD_VERSION}, {"complete", is_complete}};
}

/// Writes a file; it is on storage on return.
void write(std::string const& path, Json const& json) {
  auto const text = json_text(json, 2) + "\n";
  auto file = OutputFile::create_new(path);
  file.write_at(0, std::as_bytes(std::span(text)));
  file.sync();
  file.close();
}

/// Nothing if the file is missing, too large or not a JSON object.
std::optional<Json> read_object(std::string const& path) {
  try {
    InputFile const file(path);
    std::string text(std::min(file.size_bytes(), kMostBytes + 1), '\0');
    text.resize(file.read_at(0, std::as_writable_bytes(std::span(text))));
    auto json = parse_json(text, {.text_bytes = kMostBytes, .depth = kMostDepth}, path);
    if (!json.is_object()) return std::nullopt;
    return json;
  } catch (Error const&) {
    return std::nullopt;
  }
}

std::string text_of(Json const& json, char const* key) {
  auto const found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::uint64_t number_of(Json const& json, char const* key) {
  auto const found = json.find(key);
  return found != json.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

bool flag_of(Json const& json, char const* key) {
  auto const found = json.find(key);
  return found != json.end() && found->is_boolean() && found->get<bool>();
}

bool is_sampled(std::string_view name) { return name.ends_with(".safetensors"); }

/// Different keys: other programs can verify the first hash, and must not confuse the second with it.
char const* hash_key(std::string_view name) { return is_sampled(name) ? "xxh3_64_of_header_and_samples" : "xxh3_64"; }

ManifestEntry entry_of(std::string_view name, Json const& json) {
  ManifestEntry entry;
  if (!json.is_object()) return entry;
  entry.size_bytes = number_of(json, "bytes");
  auto const hash = text_of(json, hash_key(name));
  std::from_chars(hash.data(), hash.data() + hash.size(), entry.fingerprint, 16);
  return entry;
}

}  // namespace

ManifestEntry manifest_entry(std::string const& path) {
  InputFile const file(path);
  ManifestEntry entry;
  entry.size_bytes = file.size_bytes();
  StreamHash hash;
  if (!is_sampled(path)) {
    hash_range(file, 0, entry.size_bytes, hash);
  } else {
    auto const header = std::min(header_bytes(file), entry.size_bytes);
    hash_range(file, 0, header, hash);
    auto const room = entry.size_bytes - header;
    auto const last = room - std::min(room, kSampleBytes);
    for (Bytes i = 0; i < kSamples; ++i) {
      auto const begin = last / (kSamples - 1) * i + last % (kSamples - 1) * i / (kSamples - 1);
      hash_range(file, header + begin, std::min(room, kSampleBytes), hash);
    }
  }
  entry.fingerprint = hash.digest();
  return entry;
}

void begin_manifest(std::string const& directory, std::span<std::string const> names) {
  auto json = head(false);
  auto& files = json["files"] = Json::object();
  for (auto const& name : names) files[name] = Json::object();
  write((fs::path(directory) / kManifestFile).string(), json);
}

void complete_manifest(std::string const& directory, CheckpointMetadata const& metadata) {
  auto json = head(true);
  json["model"] = metadata.model_name;
  json["step"] = metadata.step;
  json["created"] = metadata.created;
  auto& files = json["files"] = Json::object();
  std::error_code error;
  std::map<std::string, std::string> paths;  // sorted by name, so that equal directories have equal manifests
  for (fs::recursive_directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    auto const name = fs::path(entry->path()).lexically_relative(directory).string();
    if (entry->is_regular_file(error) && name != kManifestFile) paths.emplace(name, entry->path().string());
  }
  if (error) throw IoError("cannot list " + directory + ": " + error.message());
  for (auto const& [name, path] : paths) {
    auto const entry = manifest_entry(path);
    files[name] = {{"bytes", entry.size_bytes}, {hash_key(name), format_hash(entry.fingerprint)}};
  }
  auto const unfinished = (fs::path(directory) / kUnfinishedManifestFile).string();
  auto const path = (fs::path(directory) / kManifestFile).string();
  write(unfinished, json);
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) throw_failed("renaming " + unfinished + " to", path);
}

std::optional<Manifest> read_manifest(std::string const& directory) {
  auto const path = fs::path(directory) / kManifestFile;
  std::error_code error;
  if (!fs::is_regular_file(fs::symlink_status(path, error))) return std::nullopt;
  auto const json = read_object(path.string());
  if (!json || text_of(*json, "format") != kFormat || number_of(*json, "version") != kVersion) return std::nullopt;
  auto const files = json->find("files");
  if (files == json->end() || !files->is_object()) return std::nullopt;
  Manifest manifest;
  manifest.is_complete = flag_of(*json, "complete");
  manifest.model_name = text_of(*json, "model");
  manifest.created = text_of(*json, "created");
  manifest.step = number_of(*json, "step");
  for (auto const& [name, entry] : files->items()) manifest.files.emplace(name, entry_of(name, entry));
  return manifest;
}

}  // namespace distload
