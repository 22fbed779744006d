// .npy files: what is written can be read, and damaged files are refused.
#include "infer/npy.hpp"

#include <fstream>
#include <limits>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <distload/base/error.hpp>

#include "infer/tokens.hpp"
#include "support/scratch_folder.hpp"
#include "support/thrown_message.hpp"

namespace distload {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class NpyTest : public ::testing::Test {
 protected:
  /// A file of format 1 with that dictionary and so many bytes of numbers.
  std::string file_with(std::string dictionary, std::string const& numbers) const {
    dictionary += '\n';
    std::string content = "\x93NUMPY\x01";
    content += '\0';
    content += static_cast<char>(dictionary.size());
    content += '\0';
    return file_of(content + dictionary + numbers);
  }
  std::string file_of(std::string const& content) const {
    auto const path = (folder_.path() / "x.npy").string();
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  ScratchFolder folder_;
};

TEST_F(NpyTest, ReadsWhatItWrites) {
  auto const path = (folder_.path() / "x.npy").string();
  std::vector<float> const numbers{1, -2.5F, std::numeric_limits<float>::infinity(), 0, 1e-30F, 6};
  write_npy(path, {1, 2, 3}, numbers);
  auto const array = read_npy<float>(path);
  EXPECT_THAT(array.shape, ElementsAre(1U, 2U, 3U));
  EXPECT_EQ(array.numbers, numbers);
}

TEST_F(NpyTest, ReadsTokens) {
  auto const path = file_with("{'descr': '<i8', 'fortran_order': False, 'shape': (2, 1), }",
                              std::string("\x05\0\0\0\0\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 16));
  auto const ids = read_tokens(path);
  EXPECT_EQ(ids.batch, 2U);
  EXPECT_EQ(ids.tokens, 1U);
  EXPECT_THAT(ids.ids, ElementsAre(5, -1));
}

TEST_F(NpyTest, AVectorIsOneSequence) {
  auto const ids = read_tokens(
      file_with("{'shape': (1,), 'descr': '<i8', 'fortran_order': False}", std::string("\x07\0\0\0\0\0\0\0", 8)));
  EXPECT_EQ(ids.batch, 1U);
  EXPECT_THAT(ids.ids, ElementsAre(7));
}

TEST_F(NpyTest, RefusesOtherFiles) {
  auto const message = [](std::string const& path) {
    return thrown_message<ConfigError>([&] { read_npy<float>(path); });
  };
  EXPECT_THAT(message(file_of("not an array")), HasSubstr("is no .npy file"));
  EXPECT_THAT(message(file_of("\x93NUMPY\x01")), HasSubstr("is no .npy file"));
  EXPECT_THAT(message(file_of(std::string("\x93NUMPY\x01\0\xFF\x7F{}", 12))), HasSubstr("damaged .npy header"));
  EXPECT_THAT(message(file_with("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", std::string(8, '\0'))),
              HasSubstr("numbers of type '<f8', expected '<f4'"));
  EXPECT_THAT(message(file_with("{'descr': '<f4', 'fortran_order': True, 'shape': (1,)}", std::string(4, '\0'))),
              HasSubstr("Fortran order"));
  EXPECT_THAT(message(file_with("{'descr': '<f4', 'fortran_order': False}", "")), HasSubstr("without 'shape'"));
  EXPECT_THAT(message(file_with("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", std::string(8, '\0'))),
              HasSubstr("8 bytes of numbers"));
  EXPECT_THAT(message(file_with("{'descr': '<f4', 'fortran_order': False, 'shape': (999999999999, 999999999999)}", "")),
              HasSubstr("impossible shape"));
  EXPECT_THROW(read_npy<float>((folder_.path() / "missing.npy").string()), IoError);
}

TEST(ReadTokens, AList) {
  auto const ids = read_tokens("1,22,3");
  EXPECT_EQ(ids.batch, 1U);
  EXPECT_EQ(ids.tokens, 3U);
  EXPECT_THAT(ids.ids, ElementsAre(1, 22, 3));
  EXPECT_THAT(thrown_message<UsageError>([] { read_tokens("1,x"); }), HasSubstr("'x' is no token id"));
  EXPECT_THROW(read_tokens(""), UsageError);
  EXPECT_THROW(read_tokens("1,,2"), UsageError);
}

}  // namespace
}  // namespace distload
