// Selects files by name and writes them.
#include "extract_files.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <span>
#include <system_error>

#include <distload/base/error.hpp>

#include "base/standard_streams.hpp"
#include "base/system.hpp"
#include "base/text.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

constexpr char const* kConfig = "config.json";

CarriedFile config_of(Catalog const& catalog) {
  auto const bytes = std::as_bytes(std::span(catalog.metadata.config_json));
  CarriedFile file;
  file.name = kConfig;
  file.nbytes = bytes.size();
  file.content = std::make_shared<std::vector<std::byte> const>(bytes.begin(), bytes.end());
  return file;
}

/// All files that can be extracted.
std::vector<CarriedFile> files_of(Catalog const& catalog) {
  auto files = catalog.metadata.files;
  if (!catalog.metadata.config_json.empty()) files.push_back(config_of(catalog));
  std::ranges::sort(files, {}, &CarriedFile::name);
  return files;
}

std::string listed(std::vector<CarriedFile> const& files) {
  constexpr std::size_t kShownFiles = 50;
  std::string text;
  for (std::size_t i = 0; i < std::min(files.size(), kShownFiles); ++i) {
    text += (text.empty() ? "" : ", ") + printable(files[i].name);
  }
  if (files.size() > kShownFiles) text += " and " + std::to_string(files.size() - kShownFiles) + " more";
  return text.empty() ? "nothing" : text;
}

std::vector<CarriedFile> chosen(Catalog const& catalog, std::vector<std::string> const& names) {
  auto const files = files_of(catalog);
  std::vector<CarriedFile> found;
  for (auto const& name : names) {
    if (name == "all") {
      std::ranges::copy_if(files, std::back_inserter(found), &CarriedFile::by_default);
      continue;
    }
    auto const file = std::ranges::find(files, name, &CarriedFile::name);
    if (file == files.end())
      throw ConfigError(catalog.path + " has no file '" + printable(name) + "'; it has " + listed(files));
    found.push_back(*file);
  }
  std::ranges::sort(found, {}, &CarriedFile::name);
  auto const same_name = [](CarriedFile const& a, CarriedFile const& b) { return a.name == b.name; };
  found.erase(std::unique(found.begin(), found.end(), same_name), found.end());
  return found;
}

void check_free(fs::path const& path) {
  std::error_code error;
  if (fs::exists(fs::symlink_status(path, error)))
    throw ConfigError(path.string() + " exists already and is not replaced; --to names another folder");
}

/// Writes a new file; removes it if it cannot be written completely.
void write_new(fs::path const& path, std::span<std::byte const> bytes) {
  auto* const file = std::fopen(path.c_str(), "wbx");
  if (file == nullptr) throw IoError("cannot create " + path.string() + ": " + system_reason());
  bool const is_written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  auto const reason = system_reason();
  if (std::fclose(file) == 0 && is_written) return;
  auto const closing_reason = system_reason();
  std::error_code ignored;
  fs::remove(path, ignored);
  throw IoError("cannot write " + path.string() + ": " + (is_written ? closing_reason : reason));
}

void make_folder(fs::path const& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw IoError("creating the folder " + folder.string() + " failed: " + error.message());
}

}  // namespace

void extract_files(Catalog const& catalog, std::vector<std::string> const& names, fs::path const& directory) {
  auto files = chosen(catalog, names);
  for (auto const& file : files) check_free(directory / file.name);
  for (auto& file : files) file.content = content_of(file);
  for (auto const& file : files) {
    auto const path = directory / file.name;
    make_folder(path.parent_path());
    write_new(path, *file.content);
    print(path.string() + ", " + format_bytes(file.nbytes) + "\n");
  }
}

}  // namespace distload
