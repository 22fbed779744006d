// What validate refuses in a catalog.
#include <distload/checkpoint/catalog.hpp>

#include <gtest/gtest.h>

#include <functional>

#include <distload/base/error.hpp>

#include "checkpoint/catalog_message.hpp"
#include "checkpoint/validate_catalog.hpp"

namespace distload {
namespace {

/// Two tensors: `a` as four quarters, `b` as one extent with checksums; two files.
Catalog good_catalog() {
  Catalog catalog;
  catalog.path = "c.h5";
  catalog.files.push_back({"c.h5", 10000});
  catalog.tensors.push_back({"a", DType::f32, {4, 6}, 0, 4, "", -1});
  Bytes offset = 0;
  for (std::uint64_t row : {0U, 2U}) {
    for (std::uint64_t column : {0U, 3U}) {
      catalog.extents.push_back({0, 0, offset, 24, {{row, column}, {2, 3}}, kNoBlocks});
      offset += 24;
    }
  }
  catalog.tensors.push_back({"b", DType::u8, {1000}, 4, 1, "", -1});
  catalog.extents.push_back({1, 0, offset, 1000, {{0}, {1000}}, 0});
  catalog.block_hashes.push_back(1);
  for (auto const* const name : {"tokenizer.json", "vocab.txt"}) {
    catalog.metadata.files.emplace_back();
    catalog.metadata.files.back().name = name;
    catalog.metadata.files.back().path = "c.h5";
    catalog.metadata.files.back().offset_bytes = 5000;
    catalog.metadata.files.back().nbytes = 100;
  }
  return catalog;
}

TEST(Validate, AcceptsAGoodCatalog) { EXPECT_NO_THROW(validate(good_catalog())); }

TEST(Validate, RefusesEveryBrokenPromise) {
  struct Case {
    char const* expected;
    std::function<void(Catalog&)> harm;
  };
  for (auto const& [expected, harm] : std::vector<Case>{
           {"occurs twice", [](Catalog& c) { c.tensors[1].name = "a"; }},
           {"holds a '/'", [](Catalog& c) { c.tensors[1].name = "b/c"; }},
           {"has no name", [](Catalog& c) { c.tensors[0].name = ""; }},
           {"is a path", [](Catalog& c) { c.tensors[1].name = ".."; }},
           {"overflows",
            [](Catalog& c) {
              c.tensors[1].shape = {std::uint64_t{1} << 63U, 4};
            }},
           {"not in the table", [](Catalog& c) { c.tensors[1].extent_count = 7; }},
           {"not listed", [](Catalog& c) { c.extents[2].file = 3; }},
           {"another number of axes",
            [](Catalog& c) {
              c.extents[0].box = {{0}, {6}};
            }},
           {"lies outside", [](Catalog& c) { c.extents[3].box.offset[0] = 3; }},
           {"has 25 bytes", [](Catalog& c) { c.extents[0].nbytes = 25; }},
           {"behind the end", [](Catalog& c) { c.extents[4].offset_bytes = 9500; }},
           {"behind the end", [](Catalog& c) { c.extents[4].offset_bytes = ~Bytes{0}; }},
           {"checksums are missing", [](Catalog& c) { c.extents[4].first_block = 1; }},
           {"a name that none may have", [](Catalog& c) { c.metadata.files[0].name = "../tokenizer.json"; }},
           {"'vocab.txt' occurs twice", [](Catalog& c) { c.metadata.files[0].name = "vocab.txt"; }},
           {"'vocab.txt' lies behind", [](Catalog& c) { c.metadata.files[1].offset_bytes = 9901; }},
           {"'vocab.txt' lies behind", [](Catalog& c) { c.metadata.files[1].nbytes = ~Bytes{0}; }},
           {"overlap", [](Catalog& c) { c.extents[1].box.offset[1] = 0; }},
           {"overlap at byte", [](Catalog& c) { c.extents[4].offset_bytes = 95; }},
           {"of 24 elements",
            [](Catalog& c) {
              c.tensors[0].extent_count = 3, c.tensors[1].first_extent = 3, c.extents.erase(c.extents.begin() + 3);
            }},
           {"belongs to no tensor", [](Catalog& c) { c.extents[0].tensor = 9; }},
           {"not its own", [](Catalog& c) { c.extents[0].tensor = 1; }},
       }) {
    auto catalog = good_catalog();
    harm(catalog);
    try {
      validate(catalog);
      ADD_FAILURE() << expected << ": accepted";
    } catch (CorruptData const& error) {
      EXPECT_NE(std::string(error.what()).find(expected), std::string::npos) << error.what();
    }
  }
}

/// One tensor cut into a grid of rows x columns boxes.
Catalog grid_catalog(std::uint64_t rows, std::uint64_t columns) {
  Catalog catalog;
  catalog.path = "c.h5";
  catalog.files.push_back({"c.h5", rows * columns * 8});
  auto const count = static_cast<std::uint32_t>(rows * columns);
  catalog.tensors.push_back({"a", DType::f32, {2 * rows, columns}, 0, count, "", -1});
  for (std::uint32_t i = 0; i < count; ++i) {
    catalog.extents.push_back({0, 0, Bytes{8} * i, 8, {{2 * (i / columns), i % columns}, {2, 1}}, kNoBlocks});
  }
  return catalog;
}

TEST(Validate, IsFastForManyExtentsHoweverTheyAreCut) {
  for (auto const& [rows, columns] : {std::pair{100'000, 1}, {1, 100'000}, {316, 316}}) {
    auto catalog = grid_catalog(static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(columns));
    EXPECT_NO_THROW(validate(catalog));
    catalog.extents.back().box = catalog.extents.front().box;
    EXPECT_THROW(validate(catalog), CorruptData);
  }
}

TEST(Serialize, GivesBackTheSameCatalog) {
  auto catalog = good_catalog();
  catalog.metadata.model_name = "name";
  catalog.metadata.config_json = "{}";
  catalog.metadata.extra = {{"key", "value"}, {"other", ""}};
  catalog.warnings = {"one"};
  auto const bytes = serialize(catalog);
  auto const again = deserialize_catalog(bytes);
  EXPECT_EQ(serialize(again), bytes);
  EXPECT_EQ(again.find("a")->shape, (Shape{4, 6}));
  EXPECT_EQ(again.find("c"), nullptr);
  EXPECT_EQ(again.hashes_of(again.extents[4]).size(), 1U);
  EXPECT_TRUE(again.hashes_of(again.extents[0]).empty());
  EXPECT_EQ(again.nbytes(), 96U + 1000U);
}

}  // namespace
}  // namespace distload
