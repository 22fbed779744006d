// One file after the other.
#include "checkpoint/mapped_offsets.hpp"

namespace distload {

std::vector<Bytes> mapped_offsets(Catalog const& catalog) {
  // The largest page of any system, and such that huge pages of files can be mapped as such.
  constexpr auto kGrain = 2 * kMiB;
  std::vector<Bytes> offsets{0};
  offsets.reserve(catalog.files.size() + 1);
  for (auto const& file : catalog.files) offsets.push_back(offsets.back() + round_up(file.size_bytes, kGrain));
  return offsets;
}

}  // namespace distload
