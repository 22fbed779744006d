// Copies checksums from the sidecar file to the catalog.
#include "checkpoint/seal/apply_seal.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "checkpoint/add_blocks.hpp"
#include "checkpoint/seal/seal_file.hpp"
#include "checkpoint/seal/seal_format.hpp"

namespace distload {
namespace {

std::string name_in_directory(std::string const& path) { return std::filesystem::path(path).filename().string(); }

/// "2026-01-02T03:04:05.123456789Z"
std::string time_of(std::int64_t nanoseconds) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  auto const within = (nanoseconds % kSecond + kSecond) % kSecond;
  // Rounds down to the second without overflow of 64 bits.
  auto const seconds = static_cast<std::time_t>(nanoseconds / kSecond - (nanoseconds % kSecond < 0 ? 1 : 0));
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  auto const length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  auto const digits = std::to_string(within);
  return std::string(text.data(), length) + "." + std::string(9 - digits.size(), '0') + digits + "Z";
}

/// Describes the differences; empty if there are none.
std::string differences(FileFacts const& now, FileFacts const& sealed) {
  std::string text;
  auto const add = [&](std::string const& what) { text += (text.empty() ? "" : ", ") + what; };
  if (now.size_bytes != sealed.size_bytes)
    add("it has " + std::to_string(now.size_bytes) + " bytes instead of " + std::to_string(sealed.size_bytes));
  if (now.header_hash != sealed.header_hash) add("its header is another one");
  if (now.mtime_ns != sealed.mtime_ns)
    add("it was modified at " + time_of(now.mtime_ns) + " instead of " + time_of(sealed.mtime_ns));
  return text;
}

bool only_time_differs(FileFacts const& now, FileFacts const& sealed) {
  return now.size_bytes == sealed.size_bytes && now.header_hash == sealed.header_hash;
}

std::string stale(Catalog const& catalog, std::string const& file, FileFacts const& now, FileFacts const& sealed) {
  auto text = file + " has changed since it was sealed in " + seal_path(file) + ": " + differences(now, sealed);
  if (only_time_differs(now, sealed))
    text += "; `distload-verify " + catalog.path + "` compares its content with the seal";
  return text + "; `distload-verify --seal " + catalog.path + "` seals it anew";
}

/// Marks the files that have no checksums.
std::vector<bool> files_without_checksums(Catalog const& catalog) {
  std::vector<bool> without(catalog.files.size(), true);
  for (auto const& extent : catalog.extents) {
    if (extent.has_checksums()) without[extent.file] = false;
  }
  return without;
}

/// Local: applies one seal to the files of one catalog, which are all in one directory.
class Applier {
 public:
  Applier(Catalog& catalog, SealUse use) : catalog_(catalog), use_(use), without_(files_without_checksums(catalog)) {}

  void apply() {
    if (std::ranges::find(without_, true) == without_.end()) return;
    path_ = seal_path(catalog_.files.front().path);
    auto const seal = or_warn([&] { return read_seal(path_); });
    for (std::uint32_t file = 0; seal && file < without_.size(); ++file) {
      auto const entry = seal->files.find(name_in_directory(catalog_.files[file].path));
      if (!without_[file] || entry == seal->files.end()) continue;
      or_warn([&] {
        apply_entry(file, entry->second);
        return std::optional(true);
      });
    }
    warn_of_unverified();
  }

 private:
  /// Problems of a seal are errors, or warnings if nothing is verified.
  template <class F>
  auto or_warn(F const& work) -> decltype(work()) {
    try {
      return work();
    } catch (CorruptData const& error) {
      if (use_ != SealUse::warn_of_stale) throw;
      catalog_.warnings.emplace_back(error.what());
      return std::nullopt;
    }
  }

  void apply_entry(std::uint32_t file, SealedFile const& sealed) {
    auto const now = facts_of(catalog_, file);
    auto const& path = catalog_.files[file].path;
    if (now != sealed.facts) {
      auto const message = stale(catalog_, path, now, sealed.facts);
      if (use_ != SealUse::compare_content || !only_time_differs(now, sealed.facts)) throw CorruptData(message);
      catalog_.warnings.push_back(message);
    }
    apply_seal(catalog_, file, sealed, path_);
    without_[file] = false;
  }

  void warn_of_unverified() {
    // A file without bytes needs no verification.
    std::vector<bool> unverified(catalog_.files.size());
    for (auto const& extent : catalog_.extents)
      if (!extent.has_checksums() && without_[extent.file]) unverified[extent.file] = true;
    auto const count = static_cast<std::size_t>(std::ranges::count(unverified, true));
    if (count == 0) return;
    auto const remedy = "; `distload-verify --seal " + catalog_.path + "` makes checksums";
    if (count == catalog_.files.size()) {
      catalog_.warnings.push_back(catalog_.path + ": " +
                                  (catalog_.format == SourceFormat::safetensors ? "safetensors carry" : "it carries") +
                                  " no checksums, nothing can be verified" + remedy);
      return;
    }
    auto const first = std::ranges::find(unverified, true) - unverified.begin();
    catalog_.warnings.push_back(catalog_.path + ": " + std::to_string(count) + " of " +
                                std::to_string(catalog_.files.size()) + " files have no checksums, " +
                                name_in_directory(catalog_.files[static_cast<std::size_t>(first)].path) +
                                " to begin with; they cannot be verified" + remedy);
  }

  Catalog& catalog_;
  SealUse use_;
  std::vector<bool> without_;
  std::string path_;
};

}  // namespace

void apply_seal(Catalog& catalog, SealUse use) {
  if (use != SealUse::ignore) Applier(catalog, use).apply();
}

void apply_seal(Catalog& catalog, std::uint32_t file, SealedFile const& sealed, std::string const& path) {
  auto const fail = [&](std::string const& what) {
    throw CorruptData(path + " is damaged: " + name_in_directory(catalog.files[file].path) + ": " + what);
  };
  std::size_t tensors = 0;
  std::vector<std::uint32_t> numbers;  // of the tensors with bytes in this file
  for (std::uint32_t i = 0; i < catalog.tensors.size(); ++i) {
    auto const extents = catalog.extents_of(catalog.tensors[i]);
    if (!extents.empty() && extents.front().file == file) numbers.push_back(i);
  }
  for (auto const number : numbers) {
    auto const& tensor = catalog.tensors[number];
    auto const entry = sealed.tensors.find(tensor.name);
    if (entry == sealed.tensors.end()) fail("tensor '" + printable(tensor.name) + "' has no checksums");
    ++tensors;
    std::uint64_t blocks = 0;
    for (auto const& extent : catalog.extents_of(tensor)) blocks += divide_up(extent.nbytes, kSealBlockBytes);
    if (blocks != entry->second.size())
      fail("tensor '" + printable(tensor.name) + "' has " + std::to_string(entry->second.size()) + " checksums for " +
           std::to_string(blocks) + " blocks");
  }
  if (tensors != sealed.tensors.size())
    fail(std::to_string(sealed.tensors.size()) + " tensors are sealed, but the file has " + std::to_string(tensors));
  // Compare everything first: either all checksums are applied or none.
  if (catalog.block_hashes.empty()) catalog.block_bytes = kSealBlockBytes;
  for (auto const number : numbers) {
    auto const& tensor = catalog.tensors[number];
    auto hashes = sealed.tensors.find(tensor.name)->second.begin();
    for (std::uint32_t i = 0; i < tensor.extent_count; ++i) {
      auto& extent = catalog.extents[tensor.first_extent + i];
      add_blocks(catalog, extent);
      for (auto block = extent.first_block; block < catalog.block_hashes.size(); ++block)
        catalog.block_hashes[block] = *hashes++;
    }
  }
}

}  // namespace distload
