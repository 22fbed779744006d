// Names of tensors without what wrappers put in front.
#include "checkpoint/strip_prefix.hpp"

#include <gtest/gtest.h>

#include <distload/base/error.hpp>

#include "checkpoint/validate_catalog.hpp"
#include "support/thrown_message.hpp"

namespace distload {
namespace {

/// U8 vectors of 1, 2, 3, ... elements, one after the other in a file.
Catalog with_names(std::vector<std::string> const& names) {
  Catalog catalog;
  catalog.path = "model";
  catalog.files = {{"file", 100}};
  Bytes at = 0;
  for (auto const& name : names) {
    auto const number = static_cast<std::uint32_t>(catalog.tensors.size());
    Shape const shape{number + 1};
    catalog.extents.push_back({number, 0, at, volume(shape), whole(shape), kNoBlocks});
    catalog.tensors.push_back({name, DType::u8, shape, number, 1, "", -1});
    at += volume(shape);
  }
  return catalog;
}

TEST(StripPrefix, RenamesAndSorts) {
  auto catalog = with_names({"b.first", "m.a", "m.c", "z"});
  catalog.unreadable = {{"1", "why", false}, {"m.0", "why", false}};
  strip_prefix(catalog, "m.");
  validate(catalog);
  ASSERT_EQ(catalog.tensors.size(), 4U);
  EXPECT_EQ(catalog.tensors[0].name, "a");
  EXPECT_EQ(catalog.tensors[0].shape, (Shape{2}));
  EXPECT_EQ(catalog.extents_of(catalog.tensors[0])[0].offset_bytes, 1U);
  EXPECT_EQ(catalog.tensors[1].name, "b.first");
  EXPECT_EQ(catalog.extents_of(catalog.tensors[1])[0].offset_bytes, 0U);
  EXPECT_EQ(catalog.tensors[2].name, "c");
  EXPECT_EQ(catalog.unreadable[0].name, "0");
  EXPECT_EQ(catalog.unreadable[1].name, "1");
}

TEST(StripPrefix, RefusesNamesOfTensorsThatCannotBeRead) {
  auto catalog = with_names({"m.a"});
  catalog.unreadable = {{"a", "why", false}};
  EXPECT_THROW(strip_prefix(catalog, "m."), ConfigError);
}

TEST(StripPrefix, OfNothingChangesNothing) {
  auto catalog = with_names({"a", "b"});
  strip_prefix(catalog, "");
  EXPECT_EQ(catalog.tensors[1].name, "b");
}

TEST(StripPrefix, RefusesWhatMakesNoNames) {
  auto const error_of = [](std::vector<std::string> const& names) {
    return thrown_message<ConfigError>([&] {
      auto catalog = with_names(names);
      strip_prefix(catalog, "m.");
    });
  };
  EXPECT_EQ(error_of({"a", "b"}), "model.strip_prefix: no tensor's name begins with 'm.'; the first is a");
  EXPECT_EQ(error_of({"a", "m.a"}), "model.strip_prefix: without 'm.' two tensors are named a");
  EXPECT_EQ(error_of({"m."}), "model.strip_prefix: 'm.' is the whole name of a tensor, of which nothing would remain");
}

}  // namespace
}  // namespace distload
