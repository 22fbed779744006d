// Queries mincore.
#include "io/files/residency.hpp"

#include <cstddef>
#include <memory>

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <distload/base/error.hpp>

#include "base/system.hpp"
#include "io/files/file_mapping.hpp"

namespace distload {
namespace {

constexpr Bytes kSamples = 512;

/// True if mincore reports the real state of a file; without permission it reports that all pages are in memory.
bool mincore_is_reliable(InputFile const& file) noexcept {
  struct stat status {};
  if (fstat(file.descriptor(), &status) != 0) return false;
  return status.st_uid == geteuid() || access(file.path().c_str(), W_OK) == 0;
}

/// Null if the address space does not suffice for all files, as under a limit (RLIMIT_AS).
std::unique_ptr<FileMapping> map_if_possible(InputFiles& files) {
  try {
    return std::make_unique<FileMapping>(files);
  } catch (IoError const&) {
    return nullptr;  // the load reports why a file cannot be opened
  }
}

}  // namespace

std::optional<double> resident_share(Catalog const& catalog) {
  InputFiles files(catalog);
  auto const mapped = map_if_possible(files);
  if (!mapped) return std::nullopt;
  auto const& mapping = *mapped;
  auto const page = page_bytes();
  Bytes total = 0;
  for (std::uint32_t file = 0; file < catalog.files.size(); ++file) {
    if (!mincore_is_reliable(mapping.file(file))) return std::nullopt;
    total += catalog.files[file].size_bytes;
  }
  if (total == 0) return std::nullopt;
  Bytes asked = 0;
  Bytes resident = 0;
  Bytes before = 0;  // bytes of the preceding files
  for (std::uint32_t file = 0; file < catalog.files.size(); ++file) {
    auto const size = catalog.files[file].size_bytes;
    // Samples the middles of equal ranges over all files.
    for (; asked < kSamples; ++asked) {
      auto const position =
          (2 * asked + 1) * (total / (2 * kSamples)) + (2 * asked + 1) * (total % (2 * kSamples)) / (2 * kSamples);
      if (position >= before + size) break;
      auto const offset = round_down(position - before, page);
      unsigned char state = 0;
      if (mincore(mapping.data() + mapping.offset_of(file) + offset, page, &state) != 0) return std::nullopt;
      resident += state & 1U;
    }
    before += size;
  }
  return static_cast<double>(resident) / static_cast<double>(asked);
}

}  // namespace distload
