// safetensors headers: good ones, hostile ones by table, and 20,000 random mutations.
#include "checkpoint/safetensors/header.hpp"

#include <gtest/gtest.h>

#include <random>

#include <distload/base/error.hpp>

#include "support/thrown_message.hpp"

namespace distload {
namespace {

std::vector<SafetensorsEntry> parse(std::string const& json, Bytes data_bytes) {
  return parse_safetensors_header(json, data_bytes, "f.safetensors");
}

std::string header_error(std::string const& json, Bytes data_bytes) {
  return thrown_message<CorruptData>([&] { parse(json, data_bytes); });
}

TEST(SafetensorsHeader, GivesTensorsInTheOrderOfTheirData) {
  auto const entries = parse(R"({"__metadata__":{"format":"pt"},
    "b":{"shape":[2,3],"dtype":"BF16","data_offsets":[8,20]},
    "a":{"dtype":"F64","shape":[],"data_offsets":[0,8]},
    "empty":{"dtype":"F32","shape":[0,7],"data_offsets":[20,20]}} )",
                             20);
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].name, "a");
  EXPECT_EQ(entries[0].shape, Shape{});
  EXPECT_EQ(entries[1].name, "b");
  EXPECT_EQ(entries[1].dtype, DType::bf16);
  EXPECT_EQ(entries[1].shape, (Shape{2, 3}));
  EXPECT_EQ(entries[1].begin_bytes, 8U);
  EXPECT_EQ(entries[2].name, "empty");
  EXPECT_TRUE(parse("{}", 0).empty());
}

TEST(SafetensorsHeader, RefusesHostileHeadersAndSaysWhy) {
  struct Case {
    char const* json;
    char const* expected;
  };
  for (
      auto const& [json, expected] : std::vector<Case>{
          {"", "not JSON"},
          {"{", "not JSON"},
          {"[]", "a list where none belongs"},
          {"3", "a number where none belongs"},
          {R"({"a":3})", "header: line 1, column 6, at a: a number where none belongs"},
          {R"({"a":{"dtype":"F32","shape":[1]}})", "at a: needs dtype, shape and data_offsets"},
          {R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", "at a.shape[0]: -1 is negative"},
          {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}})", "at a.data_offsets[0]: -4 is negative"},
          {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4.5]}})",
           "at a.data_offsets[1]: 4.5 is not a whole number"},
          {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,99999999999999999999]}})",
           "is not a whole number of 64 bits"},
          {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}})", "more than two numbers"},
          {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", "needs two numbers"},
          {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", "run backwards"},
          {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}})", "needs 4 bytes"},
          {R"({"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,8]}})", "overflows"},
          {R"({"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}})", "more than 8 axes"},
          {R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}})", "lie behind the end"},
          {R"({"a":{"dtype":"F32","shape":[[1]],"data_offsets":[0,8]}})", "a list where none belongs"},
          {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}})", "the key 'more' is unknown"},
          {R"({"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
           "the key 'dtype' is unknown or occurs twice"},
          {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
           "at a: the key occurs twice"},
          {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
           "overlap at byte 0"},
          {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", "there is a hole between the beginning and a"},
          {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "the tensors end at 4"},
          {R"({"__metadata__":{"a":1}})", "a number where none belongs"},
          {R"({"__metadata__":{"a":{}}})", "an object where none belongs"},
          {"{\"\xff\":{}}", "not JSON"},
          {R"({"a":null})", "null is no part"},
          {R"({"a":{"dtype":"F32","shape":[1e400],"data_offsets":[0,4]}})", "1e400 is not a whole number"},
          {R"({"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,4]}})", "NaN is not a whole number"},
          {R"({"a":{"dtype":"F32","shape":[9223372036854775808,4],"data_offsets":[0,4]}})", "overflows"},
          {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775808,9223372036854775812]}})",
           "lie behind the end"},
          {R"({"a":{"dtype":"F32","shape":"1","data_offsets":[0,4]}})", "the text '1' where none belongs"},
          {R"({"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}})", "at a.dtype: a number where none belongs"},
          {R"({"a":{"dtype":["F32"],"shape":[1],"data_offsets":[0,4]}})", "a list where none belongs"},
          {R"({"a":{"dtype":true,"shape":[1],"data_offsets":[0,4]}})", "true and false are no part"},
          {R"({"a\n\u001b":{"dtype":7,"shape":[1],"data_offsets":[0,4]}})", R"(at a\n\x1B.dtype: )"},
          {R"({"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}})", "the tensors end at 4"},
          {R"({"a":{"dtype":"F4","shape":[15],"data_offsets":[0,8]}})", "needs more than 7 bytes"},
          {R"({"a":{"dtype":"F6_E2M3","shape":[8],"data_offsets":[0,8]}})", "needs 6 bytes"},
          {R"({"__metadata__":{"a":[]}})", "a list where none belongs"},
          {R"({"__metadata__":[]})", "a list where none belongs"},
          {R"({"__metadata__":"pt"})", "where none belongs"},
          {R"({"__metadata__":{"a":null}})", "null is no part"},
      }) {
    EXPECT_NE(header_error(json, 8).find(expected), std::string::npos) << json << "\ngave: " << header_error(json, 8);
  }
}

TEST(SafetensorsHeader, CarriesTypesSmallerThanAByteInWholeBytes) {
  auto const entries = parse(
      R"({"f4":{"dtype":"F4","shape":[3,8],"data_offsets":[0,12]},"f6":{"dtype":"F6_E3M2","shape":[2,8],"data_offsets":[12,24]},)"
      R"("c":{"dtype":"C64","shape":[2],"data_offsets":[24,40]},"z":{"dtype":"F8_E4M3FNUZ","shape":[2],"data_offsets":[40,42]}})",
      42);
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[0].shape, (Shape{3, 4}));
  EXPECT_EQ(entries[1].shape, (Shape{2, 2}));
  EXPECT_EQ(entries[2].dtype, DType::c64);
  EXPECT_EQ(entries[3].dtype, DType::f8_e4m3fnuz);
  for (auto const& entry : entries) EXPECT_EQ(entry.unreadable, "") << entry.name;
}

TEST(SafetensorsHeader, KnowsWhichTensorItCannotRead) {
  auto const entries = parse(
      R"({"a":{"dtype":"\n\u001b[31m","shape":[3],"data_offsets":[0,2]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]},)"
      R"("c":{"dtype":"F4","shape":[4,1],"data_offsets":[6,8]},"":{"dtype":"U8","shape":[1],"data_offsets":[8,9]}})",
      9);
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[0].unreadable, R"(has dtype '\n\x1B[31m', which is not known)");
  EXPECT_EQ(entries[1].unreadable, "");
  EXPECT_EQ(entries[2].unreadable, "has rows of 1 numbers of F4, which do not fill whole bytes");
  EXPECT_EQ(entries[3].unreadable, "has no name");
}

TEST(SafetensorsHeader, EndsAtTheFirstWrongTokenOfDeepNesting) {
  EXPECT_TRUE(parse(R"({"__metadata__":null})", 0).empty()) << "as safetensors' own reader takes it";
  EXPECT_TRUE(parse(R"({"__metadata__":{"tags":")" + std::string(5'000'000, 'x') + "\"}}", 0).empty())
      << "trainers keep long texts there";
  EXPECT_NE(header_error(std::string(10'000'000, '['), 8), "");
  EXPECT_NE(header_error(R"({"__metadata__":{"a":)" + std::string(1'000'000, '{'), 8), "");
  EXPECT_NE(header_error(R"({"a":)" + std::string(1'000'000, '{'), 8), "");
}

TEST(SafetensorsHeader, SurvivesMutations) {
  std::string const good =
      R"({"__metadata__":{"format":"pt"},"a.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
      R"("b.weight":{"dtype":"BF16","shape":[5],"data_offsets":[24,34]},"c":{"dtype":"I64","shape":[],"data_offsets":[34,42]}})";
  std::mt19937_64 random(3);
  std::string const alphabet = "{}[]\",:0123456789-.eE abcdtypeshF\\\n";
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    auto text = good;
    for (auto changes = 1 + random() % 4; changes > 0; --changes) {
      auto const at = random() % text.size();
      switch (random() % 4) {
        case 0: text[at] = alphabet[random() % alphabet.size()]; break;
        case 1: text.erase(at, 1 + random() % 8); break;
        case 2: text.insert(at, 1, alphabet[random() % alphabet.size()]); break;
        default: text[at] = static_cast<char>(random()); break;
      }
      if (text.empty()) text = "{";
    }
    try {
      auto const entries = parse(text, 42);
      ++accepted;
      // What is accepted fills the data exactly.
      Bytes at = 0;
      for (auto const& entry : entries) {
        ASSERT_EQ(entry.begin_bytes, at) << text;
        if (entry.unreadable.empty()) {
          ASSERT_EQ(entry.end_bytes - at, volume(entry.shape) * size_of(entry.dtype)) << text;
        }
        at = entry.end_bytes;
      }
      ASSERT_EQ(at, 42U) << text;
    } catch (CorruptData const&) {
    }
  }
  EXPECT_GT(accepted, 0) << "a change of a name is harmless";
}

}  // namespace
}  // namespace distload
