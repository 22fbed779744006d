// The sidecar's text, and what becomes of a catalog beside one.
#include "checkpoint/seal/seal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <distload/base/error.hpp>

#include "base/hash.hpp"
#include "checkpoint/safetensors/directory.hpp"
#include "checkpoint/seal/apply_seal.hpp"
#include "checkpoint/seal/seal_file.hpp"
#include "checkpoint/validate_catalog.hpp"
#include "support/scratch_folder.hpp"
#include "support/thrown_message.hpp"

namespace distload {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Seal sample() {
  Seal seal;
  auto& file = seal.files["model.safetensors"];
  file.facts = {123, -5, 0xFEDCBA9876543210U};
  file.sha256 = std::string(64, 'a');
  file.tensors = {{"a \"name\"\n", {1, 2, ~std::uint64_t{0}}}, {"empty", {}}};
  seal.files["other.h5"].facts = {7, 1'700'000'000'123'456'789, 0};
  return seal;
}

std::string seal_error(std::string const& text) {
  return thrown_message<CorruptData>([&] { static_cast<void>(parse_seal(text, "here.json")); });
}

std::string with(std::string text, std::string const& from, std::string const& to) {
  auto const at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Seal, IsReadAsItWasWritten) {
  auto const seal = sample();
  EXPECT_EQ(parse_seal(format_seal(seal), "here.json").files, seal.files);
  EXPECT_EQ(parse_seal(format_seal({}), "here.json").files, Seal{}.files);
}

TEST(Seal, RefusesWhatIsNone) {
  auto const good = format_seal(sample());
  for (auto const& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"distload-checksums", "other"},
                                                        {"\"format\": \"distload-checksums\",", ""},
                                                        {"\"format_version\": 1", "\"format_version\": 2"},
                                                        {"\"format_version\": 1", "\"format_version\": \"1\""},
                                                        {"4194304", "0"},
                                                        {"\"model.safetensors\"", "\"../model.safetensors\""},
                                                        {"\"model.safetensors\"", "\"other.h5\""},
                                                        {"\"model.safetensors\"", "\"..\""},
                                                        {"\"model.safetensors\"", "\"\""},
                                                        {"\"model.safetensors\"", "\"a\\u0000b\""},
                                                        {"123", "-123"},
                                                        {"123", "1.5"},
                                                        {"123", "99999999999999999999999"},
                                                        {"-5", "18446744073709551615"},
                                                        {"fedcba98", "FEDCBA98"},
                                                        {"fedcba98", ""},
                                                        {"aaaaaaaa", ""},
                                                        {"\"mtime_ns\": -5,", ""},
                                                        {"\"mtime_ns\": -5,", "\"mtime_ns\": -5, \"mtime_ns\": -5,"},
                                                        {"\"mtime_ns\": -5,", "\"mtime_ns\": -5, \"more\": 1,"},
                                                        {"\"empty\": \"\"", "\"empty\": \"12\""},
                                                        {"\"empty\": \"\"", "\"empty\": [1]"},
                                                        {"\"empty\": \"\"", "\"empty\": \"\", \"empty\": \"\""},
                                                        {"\"files\": {", "\"files\": null, \"writer\": {"}}) {
    EXPECT_THAT(seal_error(with(good, from, to)), AllOf(HasSubstr("here.json"), HasSubstr("remove this damaged seal")))
        << from << " -> " << to;
  }
  for (std::size_t size = 0; size + 2 < good.size(); ++size)
    EXPECT_THAT(seal_error(good.substr(0, size)), HasSubstr("here.json")) << size;
  EXPECT_THAT(seal_error(std::string(100000, '[')), HasSubstr("here.json"));
}

/// A Hugging Face directory with a tensor of five bytes, and one without any.
class SealedDirectory : public testing::Test {
 protected:
  SealedDirectory() {
    std::string const header =
        R"({"w":{"dtype":"U8","shape":[5],"data_offsets":[0,5]},"z":{"dtype":"U8","shape":[0],"data_offsets":[5,5]}})";
    std::uint64_t const size = header.size();
    std::ofstream(model_, std::ios::binary)
        << std::string(reinterpret_cast<char const*>(&size), sizeof size) + header + kContent;
    auto const catalog = read();
    SealedFile file;
    file.facts = facts_of(catalog, 0);
    file.tensors = {{"w", {xxh3_64(std::as_bytes(std::span(std::string_view(kContent))))}}, {"z", {}}};
    seal_.files["model.safetensors"] = file;
    write_seal();
  }

  Catalog read() const { return read_safetensors_catalog(folder_.path()); }
  void write_seal() const { std::ofstream(folder_.file(kSealFile)) << format_seal(seal_); }
  SealedFile& sealed() { return seal_.files["model.safetensors"]; }

  std::string refused() const {
    auto catalog = read();
    try {
      apply_seal(catalog, SealUse::refuse_stale);
    } catch (CorruptData const& error) {
      EXPECT_THAT(catalog.block_hashes, IsEmpty());
      return error.what();
    }
    return "no such error";
  }

  static constexpr char const* kContent = "abcde";
  ScratchFolder folder_;
  std::string model_ = folder_.file("model.safetensors");
  Seal seal_;
};

TEST_F(SealedDirectory, HasChecksums) {
  auto catalog = read();
  apply_seal(catalog, SealUse::refuse_stale);
  EXPECT_THAT(catalog.block_hashes, ElementsAre(sealed().tensors["w"].front()));
  EXPECT_TRUE(catalog.extents[0].has_checksums());
  EXPECT_TRUE(catalog.extents[1].has_checksums());
  EXPECT_THAT(catalog.warnings, IsEmpty());
  validate(catalog);
}

TEST_F(SealedDirectory, HasNoneForWhoIgnoresThem) {
  auto catalog = read();
  apply_seal(catalog, SealUse::ignore);
  EXPECT_THAT(catalog.block_hashes, IsEmpty());
}

TEST_F(SealedDirectory, WithoutTheSealSaysSo) {
  std::filesystem::remove(folder_.file(kSealFile));
  auto catalog = read();
  apply_seal(catalog, SealUse::refuse_stale);
  EXPECT_THAT(catalog.warnings, ElementsAre(AllOf(HasSubstr("nothing can be verified"), HasSubstr("--seal"))));
}

TEST_F(SealedDirectory, WithoutAnEntrySaysSo) {
  seal_.files.clear();
  write_seal();
  auto catalog = read();
  apply_seal(catalog, SealUse::refuse_stale);
  EXPECT_THAT(catalog.warnings, ElementsAre(HasSubstr("nothing can be verified")));
}

TEST_F(SealedDirectory, ThatHasChangedIsRefusedByName) {
  auto const good = sealed();
  sealed().facts.size_bytes += 1;
  write_seal();
  EXPECT_THAT(refused(), AllOf(HasSubstr("model.safetensors has changed since it was sealed"),
                               HasSubstr("bytes instead of"), HasSubstr("distload-verify --seal")));
  sealed() = good;
  sealed().facts.header_hash += 1;
  write_seal();
  EXPECT_THAT(refused(), HasSubstr("its header is another one"));
  sealed() = good;
  sealed().facts.mtime_ns = 1;
  write_seal();
  EXPECT_THAT(refused(),
              AllOf(HasSubstr("instead of 1970-01-01T00:00:00.000000001Z"), HasSubstr("compares its content")));
}

TEST_F(SealedDirectory, ThatHasChangedIsNotVerifiedOrCompared) {
  sealed().facts.mtime_ns = 1;
  write_seal();
  auto unverified = read();
  apply_seal(unverified, SealUse::warn_of_stale);
  EXPECT_THAT(unverified.block_hashes, IsEmpty());
  EXPECT_THAT(unverified.warnings, ElementsAre(HasSubstr("has changed since"), HasSubstr("nothing can be verified")));

  auto compared = read();
  apply_seal(compared, SealUse::compare_content);
  EXPECT_THAT(compared.block_hashes, ElementsAre(sealed().tensors["w"].front()));
  EXPECT_THAT(compared.warnings, ElementsAre(HasSubstr("has changed since")));

  sealed().facts.size_bytes += 1;
  write_seal();
  compared = read();
  EXPECT_THROW(apply_seal(compared, SealUse::compare_content), CorruptData);
}

TEST_F(SealedDirectory, WithASealOfOtherTensorsIsRefused) {
  auto const good = sealed();
  sealed().tensors["w"].push_back(0);
  write_seal();
  EXPECT_THAT(refused(), HasSubstr("tensor 'w' has 2 checksums for 1 blocks"));
  sealed() = good;
  sealed().tensors.erase("w");
  write_seal();
  EXPECT_THAT(refused(), HasSubstr("tensor 'w' has no checksums"));
  sealed() = good;
  sealed().tensors["more"];
  write_seal();
  EXPECT_THAT(refused(), HasSubstr("3 tensors are sealed, but the file has 2"));
}

}  // namespace
}  // namespace distload
