// Reading and comparing.
#include "expect_sample_content.hpp"

#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "support/sample_tensors.hpp"

namespace distload {

void expect_sample_content(Catalog const& catalog) {
  for (auto const& extent : catalog.extents) {
    std::ifstream file(catalog.files[extent.file].path, std::ios::binary);
    auto const& tensor = catalog.tensors[extent.tensor];
    std::vector<std::byte> bytes(extent.nbytes);
    file.seekg(static_cast<std::streamoff>(extent.offset_bytes));
    file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    EXPECT_TRUE(bytes == sample_bytes(tensor, extent.box)) << tensor.name << " " << to_string(extent.box);
    auto const hashes = catalog.hashes_of(extent);
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      auto const begin = i * kBlockBytes;
      EXPECT_EQ(hashes[i], xxh3_64(std::span(bytes).subspan(begin, std::min<Bytes>(kBlockBytes, bytes.size() - begin))))
          << tensor.name;
    }
  }
}

}  // namespace distload
