// Applies the setting save.files.
#include "checkpoint/files/choose_files.hpp"

#include <algorithm>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "checkpoint/files/carried_names.hpp"

namespace distload {
namespace {

constexpr std::size_t kMostListed = 20;

std::string listed(std::span<CarriedFile const> files, bool with_sizes) {
  std::string text;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!text.empty()) text += ", ";
    if (i == kMostListed) return text + std::to_string(files.size() - i) + " more";
    text += files[i].name;
    if (with_sizes) text += " (" + format_bytes(files[i].nbytes) + ")";
  }
  return text;
}

void check_size(std::vector<CarriedFile> files, bool by_default) {
  auto const most = by_default ? kMostBytesByDefault : kMostCarriedBytes;
  if (bytes_of(files) <= most) return;
  std::ranges::sort(files, std::ranges::greater(), &CarriedFile::nbytes);
  auto const what = by_default ? std::string("save.files: auto") : std::string("save.files");
  auto const remedy = by_default ? "; set save.files to a list of those that shall go along, or to none"
                                 : "; leave out what is so large, and copy it";
  throw ConfigError(what + " would take along " + format_bytes(bytes_of(files)) + ", more than " + format_bytes(most) +
                    ": " + listed(files, true) + remedy);
}

std::vector<CarriedFile> find_all(std::span<CarriedFile const> files, std::vector<std::string> const& names) {
  std::vector<CarriedFile> found;
  std::string missing;
  for (auto const& name : names) {
    if (name == "config.json") continue;
    if (is_made_by_saving(name))
      throw ConfigError("save.files: '" + printable(name) +
                        "' is of a kind that a save writes itself, if it is needed");
    auto const file = std::ranges::find(files, name, &CarriedFile::name);
    if (file != files.end()) {
      found.push_back(*file);
    } else {
      missing += (missing.empty() ? "'" : ", '") + name + "'";
    }
  }
  if (!missing.empty()) {
    throw ConfigError("save.files: the model has no " + missing + "; it has " +
                      (files.empty() ? "no other files" : listed(files, false)));
  }
  return found;
}

}  // namespace

std::vector<CarriedFile> choose_files(std::span<CarriedFile const> files,
                                      std::optional<std::vector<std::string>> const& names) {
  std::vector<CarriedFile> chosen;
  if (names) {
    chosen = find_all(files, *names);
  } else {
    std::ranges::copy_if(files, std::back_inserter(chosen), &CarriedFile::by_default);
  }
  std::ranges::sort(chosen, {}, &CarriedFile::name);
  auto const same_name = [](CarriedFile const& a, CarriedFile const& b) { return a.name == b.name; };
  chosen.erase(std::unique(chosen.begin(), chosen.end(), same_name), chosen.end());
  check_size(chosen, !names);
  return chosen;
}

Bytes bytes_of(std::span<CarriedFile const> files) noexcept {
  Bytes bytes = 0;
  for (auto const& file : files) bytes += file.nbytes;
  return bytes;
}

}  // namespace distload
