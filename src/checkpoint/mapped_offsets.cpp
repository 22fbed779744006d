// One file after the other.
#include "checkpoint/mapped_offsets.hpp"

namespace distload {

std::vector<Bytes> mapped_offsets(Catalog const& catalog) {
  // At least the largest page size of any system; a multiple of it keeps huge pages of files mappable.
  constexpr auto kGrain = 2 * kMiB;
  std::vector<Bytes> offsets{0};
  offsets.reserve(catalog.files.size() + 1);
  for (auto const& file : catalog.files) offsets.push_back(offsets.back() + round_up(file.size_bytes, kGrain));
  return offsets;
}

}  // namespace distload
