// Bare pread of a plan's ranges.
#include "bench/raw_read.hpp"

#include <distload/base/error.hpp>

#include "load/huge_pages.hpp"

namespace distload {

RawReader::RawReader(Catalog const& catalog) : catalog_(&catalog) {
  for (auto const& file : catalog.files) files_.emplace_back(file.path);
}

void RawReader::read(LoadPlan const& plan) const {
  HugePages const arena(plan.arena_bytes);
  HugePages const slot(plan.slot_bytes);
  for (auto const& wave : plan.waves) {
    for (auto const& range : wave.reads) {
      auto const& extent = catalog_->extents[range.extent];
      auto* const destination = (range.area == Area::arena ? arena : slot).data() + range.offset_bytes;
      auto const& file = files_[extent.file];
      if (file.read_at(extent.offset_bytes + range.begin_bytes, {destination, range.nbytes}) != range.nbytes)
        throw CorruptData(file.path() + " is truncated");
    }
  }
}

}  // namespace distload
