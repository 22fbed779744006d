// mincore.
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

/// Whether mincore says the truth about a file; to others it says that all is there.
bool may_ask(InputFile const& file) noexcept {
  struct stat status {};
  if (fstat(file.descriptor(), &status) != 0) return false;
  return status.st_uid == geteuid() || access(file.path().c_str(), W_OK) == 0;
}

/// Nothing if the system has no addresses for all of the files, as under a limit (RLIMIT_AS).
std::unique_ptr<FileMapping> map_if_possible(InputFiles& files) {
  try {
    return std::make_unique<FileMapping>(files);
  } catch (IoError const&) {
    return nullptr;  // opening it for the load reports why it cannot be read
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
    if (!may_ask(mapping.file(file))) return std::nullopt;
    total += catalog.files[file].size_bytes;
  }
  if (total == 0) return std::nullopt;
  Bytes asked = 0;
  Bytes resident = 0;
  Bytes before = 0;  // bytes of the files before this one
  for (std::uint32_t file = 0; file < catalog.files.size(); ++file) {
    auto const size = catalog.files[file].size_bytes;
    // The middles of equal stretches of all files together.
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
