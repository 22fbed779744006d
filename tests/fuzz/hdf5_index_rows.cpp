// Rows of the index. An input is the size of names, the number of axes, log2 of the block size, the numbers of tensors
// and of extents (a byte each), the file's size (eight bytes), and then the tables, in which the rest is hashes.
#include <algorithm>

#include "checkpoint/hdf5/index.hpp"
#include "checkpoint/validate_catalog.hpp"
#include "fuzz/checked_catalog.hpp"
#include "fuzz/fuzz_target.hpp"

namespace distload::fuzz {
namespace {

std::vector<std::byte> take(Input& rest, std::size_t nbytes) {
  auto const front = rest.first(std::min(nbytes, rest.size()));
  rest = rest.subspan(front.size());
  return {front.begin(), front.end()};
}

}  // namespace

void one_input(Input input) {
  Numbers numbers(input);
  hdf5::IndexTables tables;
  tables.sizes.name_bytes = std::max<std::size_t>(1, numbers.byte());
  tables.sizes.axes = 1 + numbers.byte() % kMaxAxes;
  Catalog catalog;
  catalog.path = "f";
  catalog.block_bytes = Bytes{1} << (numbers.byte() % 63U);
  auto const tensors = numbers.byte();
  auto const extents = numbers.byte();
  catalog.files.push_back({"f", numbers.word()});
  auto rest = numbers.rest();
  tables.tensors = take(rest, tensors * H5Tget_size(hdf5::tensor_row_type(tables.sizes).view().id()));
  tables.extents = take(rest, extents * H5Tget_size(hdf5::extent_row_type(tables.sizes).view().id()));
  tables.hashes = take(rest, rest.size() / 8 * 8);

  hdf5::decode_index(tables, catalog.path, catalog);
  validate(catalog);
  expect_usable(catalog);
  auto const again = hdf5::decode_tensors(hdf5::encode_tensors(catalog, tables.sizes), tables.sizes, "f");
  expect(std::ranges::equal(again, catalog.tensors, same_tensor), "tensors read back as others");
  auto const extents_again =
      hdf5::decode_extents(hdf5::encode_extents(catalog, tables.sizes), again, tables.sizes, "f");
  expect(std::ranges::equal(extents_again, catalog.extents, same_extent), "extents read back as others");
}

}  // namespace distload::fuzz
