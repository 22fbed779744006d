// Checks of a validated catalog.
#include "fuzz/checked_catalog.hpp"

#include <algorithm>

#include "checkpoint/catalog_message.hpp"
#include "checkpoint/validate_catalog.hpp"
#include "fuzz/fuzz_target.hpp"

namespace distload::fuzz {

bool same_tensor(TensorInfo const& a, TensorInfo const& b) {
  return a.name == b.name && a.dtype == b.dtype && a.shape == b.shape && a.first_extent == b.first_extent &&
         a.extent_count == b.extent_count && a.partition == b.partition && a.axis == b.axis;
}

bool same_extent(Extent const& a, Extent const& b) {
  return a.tensor == b.tensor && a.file == b.file && a.offset_bytes == b.offset_bytes && a.nbytes == b.nbytes &&
         a.box == b.box && a.first_block == b.first_block;
}

void expect_usable(Catalog const& catalog) {
  for (auto const& tensor : catalog.tensors) {
    auto const* const found = catalog.find(tensor.name);
    expect(found == &tensor, "a tensor is not found by its name");
    Bytes nbytes = 0;
    for (auto const& extent : catalog.extents_of(tensor)) {
      nbytes += extent.nbytes;
      auto const hashes = catalog.hashes_of(extent);
      expect(hashes.empty() || hashes.size() == divide_up(extent.nbytes, catalog.block_bytes),
             "an extent has another number of hashes than of blocks");
      expect(extent.offset_bytes + extent.nbytes <= catalog.files.at(extent.file).size_bytes,
             "an extent lies behind the end of its file");
    }
    expect(nbytes == tensor.nbytes(), "the extents are not the tensor");
  }
  auto const again = deserialize_catalog(serialize(catalog));
  validate(again);
  expect(again.format == catalog.format && again.path == catalog.path && again.block_bytes == catalog.block_bytes &&
             again.block_hashes == catalog.block_hashes && again.warnings == catalog.warnings,
         "a catalog is another one behind the wire");
  expect(again.metadata.config_json == catalog.metadata.config_json && again.metadata.extra == catalog.metadata.extra &&
             again.metadata.model_name == catalog.metadata.model_name && again.metadata.step == catalog.metadata.step,
         "metadata is other metadata behind the wire");
  expect(std::ranges::equal(
             again.files, catalog.files,
             [](SourceFile const& a, SourceFile const& b) { return a.path == b.path && a.size_bytes == b.size_bytes; }),
         "files are others behind the wire");
  expect(std::ranges::equal(again.tensors, catalog.tensors, same_tensor), "tensors are others behind the wire");
  expect(std::ranges::equal(again.extents, catalog.extents, same_extent), "extents are others behind the wire");
}

}  // namespace distload::fuzz
