// Entries of several files in one sidecar.
#include "verify/write_seal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <distload/base/error.hpp>

#include "checkpoint/seal/seal_file.hpp"
#include "support/scratch_folder.hpp"
#include "support/thrown_message.hpp"

namespace distload {
namespace {

using testing::HasSubstr;
using testing::Key;
using testing::UnorderedElementsAre;

class WriteSeal : public testing::Test {
 protected:
  WriteSeal() {
    for (auto const* const name : {"a", "b"}) std::ofstream(folder_.file(name)) << name;
  }

  static SealedFile entry(std::uint64_t hash) {
    SealedFile file;
    file.facts = {1, 2, 3};
    file.tensors["w"] = {hash};
    return file;
  }

  auto files() const { return read_seal(path_)->files; }

  template <class E>
  std::string error_of(std::map<std::string, SealedFile> const& entries) const {
    return thrown_message<E>([&] { write_seal(path_, entries); });
  }

  ScratchFolder folder_;
  std::string path_ = folder_.file(kSealFile);
};

TEST_F(WriteSeal, KeepsEntriesOfOtherFilesThatAreThere) {
  write_seal(path_, {{"a", entry(1)}, {"gone", entry(2)}});
  write_seal(path_, {{"b", entry(3)}});
  EXPECT_THAT(files(), UnorderedElementsAre(Key("a"), Key("b")));
  EXPECT_EQ(files().at("a"), entry(1));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 3) << "a temporary file is left";
}

TEST_F(WriteSeal, ReplacesWhatHasChanged) {
  write_seal(path_, {{"a", entry(1)}});
  auto changed = entry(9);
  changed.facts.mtime_ns = 7;
  write_seal(path_, {{"a", changed}});
  EXPECT_EQ(files().at("a"), changed);
}

TEST_F(WriteSeal, KeepsSumsOfWhatHasNotChanged) {
  auto summed = entry(1);
  summed.sha256 = std::string(64, 'c');
  write_seal(path_, {{"a", summed}});
  write_seal(path_, {{"a", entry(1)}});
  EXPECT_EQ(files().at("a"), summed);
  auto changed = entry(1);
  changed.facts.mtime_ns = 7;
  write_seal(path_, {{"a", changed}});
  EXPECT_EQ(files().at("a"), changed);
}

TEST_F(WriteSeal, HidesNoDamage) {
  auto summed = entry(1);
  summed.sha256 = std::string(64, 'c');
  write_seal(path_, {{"a", summed}});
  EXPECT_THAT(error_of<CorruptData>({{"a", entry(2)}}), HasSubstr("tensor 'w' is not"));
  summed.sha256 = std::string(64, 'd');
  EXPECT_THAT(error_of<CorruptData>({{"a", summed}}), HasSubstr("its SHA-256 is not"));
  EXPECT_EQ(files().at("a").sha256, std::string(64, 'c'));
}

TEST_F(WriteSeal, ReplacesNothingThatItCannotRead) {
  std::ofstream(path_) << "something of the user's";
  EXPECT_THAT(error_of<CorruptData>({{"a", entry(1)}}), HasSubstr("remove"));
  EXPECT_EQ(std::filesystem::file_size(path_), 23U);
}

TEST_F(WriteSeal, SaysWhereItCannotBeWritten) {
  try {
    check_seal_can_be_written("/proc/self/distload.checksums.json");
    FAIL() << "it can be written";
  } catch (IoError const& error) {
    EXPECT_THAT(error.what(), HasSubstr("/proc/self cannot be written to"));
  }
}

}  // namespace
}  // namespace distload
