/// Other people's tools on our files, and our reader on what they make of them.
#include <array>
#include <cstdio>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/hdf5/read_catalog.hpp"
#include "sample_file.hpp"

namespace distload {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

/// What the command prints; fails the test if it fails.
std::string output_of(std::string const& command) {
  std::string output;
  auto* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::array<char, 4096> part{};
  while (auto const count = std::fread(part.data(), 1, part.size(), pipe)) output.append(part.data(), count);
  EXPECT_EQ(::pclose(pipe), 0) << command << "\n" << output;
  return output;
}

TEST(Hdf5Tools, DumpAttributes) {
  ScratchFolder const folder;
  write_sample(folder.file("m.h5"));
  auto const text = output_of("h5dump -A " + folder.file("m.h5"));
  for (auto const* const words : {"\"distload\"", "\"sample\"", "\"SampleModel\"", "\"column_parallel\"", "\"BF16\"",
                                  "ATTRIBUTE \"committed\""}) {
    EXPECT_THAT(text, HasSubstr(words));
  }
}

TEST(Hdf5Tools, DumpNumbersOfAllTypes) {
  ScratchFolder const folder;
  write_sample(folder.file("m.h5"));
  // The element at linear index i of tensor x is ((i + length of x's name) % 251) / 8 for f32 and bf16.
  EXPECT_THAT(output_of("h5dump -d /tensors/a.row -c 1,4 " + folder.file("m.h5")),
              HasSubstr("(0,0): 0.625, 0.75, 0.875, 1"));
  EXPECT_THAT(output_of("h5dump -d /tensors/vocab -c 1,3 " + folder.file("m.h5")),
              HasSubstr("(0,0): 0.625, 0.75, 0.875"));
  EXPECT_THAT(output_of("h5dump -d /tensors/mask " + folder.file("m.h5")),
              HasSubstr("FALSE, TRUE, FALSE, TRUE, FALSE"));
}

TEST(Hdf5Tools, DumpTheIndex) {
  ScratchFolder const folder;
  write_sample(folder.file("m.h5"));
  auto const text = output_of("h5dump -g /index " + folder.file("m.h5"));
  EXPECT_THAT(text, ContainsRegex("\"a.row.*\",[^\"]*\"BF16"));
  EXPECT_THAT(text, HasSubstr("\"metadata_xxh3_64\""));
}

TEST(Hdf5Tools, H5pyReadsNumbersAndAttributes) {
  ScratchFolder const folder;
  write_sample(folder.file("m.h5"));
  output_of(std::string(DISTLOAD_PYTHON) + " " + DISTLOAD_SCRIPT + " " + folder.file("m.h5"));
}

TEST(Hdf5Tools, RepackedFileIsWalkedAndLoadsUnverified) {
  ScratchFolder const folder;
  write_sample(folder.file("m.h5"));
  output_of("h5repack " + folder.file("m.h5") + " " + folder.file("repacked.h5"));
  auto const catalog = read_hdf5_catalog(folder.file("repacked.h5"));
  EXPECT_EQ(catalog.tensors.size(), 9U);
  EXPECT_EQ(catalog.metadata.model_name, "sample");
  ASSERT_EQ(catalog.warnings.size(), 1U);
  EXPECT_THAT(catalog.warnings[0], HasSubstr("its index was rebuilt"));
  for (auto const& extent : catalog.extents) {
    auto const bytes = read_bytes(catalog.files[0].path, extent.offset_bytes, extent.nbytes);
    EXPECT_TRUE(bytes == sample_bytes(catalog.tensors[extent.tensor], extent.box))
        << catalog.tensors[extent.tensor].name;
  }
}

}  // namespace
}  // namespace distload
