/// Ranges written in parts of any size, at any place, by several writers of one file.
#include "io/engines/direct_writer.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <distload/base/error.hpp>

namespace distload {
namespace {

/// Files of zeros in a folder that goes with the object.
class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::current_path() / "direct-writer-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~Scratch() { std::filesystem::remove_all(folder_); }
  Scratch(Scratch const&) = delete;
  Scratch& operator=(Scratch const&) = delete;

  std::string make(std::string const& name, Bytes size) const {
    OutputFile::create(folder_ / name, size).close();
    return folder_ / name;
  }

 private:
  std::filesystem::path folder_;
};

std::vector<std::byte> content_of(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> const chars{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::byte> bytes(chars.size());
  std::ranges::transform(chars, bytes.begin(), [](char c) { return static_cast<std::byte>(c); });
  return bytes;
}

std::vector<std::byte> random_bytes(Bytes size, std::mt19937& random) {
  std::vector<std::byte> bytes(size);
  std::ranges::generate(bytes, [&] { return static_cast<std::byte>(random()); });
  return bytes;
}

TEST(DirectWriter, WritesPartsOfAnySizeInTheirPlaces) {
  Scratch const scratch;
  std::mt19937 random(1);
  for (Bytes const most : {Bytes{700}, Bytes{5'000}, Bytes{300'000}, Bytes{3'000'000}}) {
    auto const expected = random_bytes(20 * most, random);
    auto const path = scratch.make("f", expected.size());
    {
      // Stretches of one writer lie between those of the other, parts of a stretch follow each other.
      DirectWriter first({path});
      DirectWriter second({path});
      Bytes at = 0;
      while (at < expected.size()) {
        auto& writer = random() % 2 == 0 ? first : second;
        for (auto parts = 1 + random() % 3; parts > 0 && at < expected.size(); --parts) {
          auto const nbytes = std::min<Bytes>(1 + random() % most, expected.size() - at);
          writer.write(0, at, std::span(expected).subspan(at, nbytes));
          at += nbytes;
        }
      }
      first.flush();
      second.flush();
      first.sync();
      second.sync();
    }
    EXPECT_TRUE(content_of(path) == expected) << most;
  }
}

TEST(DirectWriter, TakesPartsInAnyOrderAndSeveralFiles) {
  Scratch const scratch;
  std::mt19937 random(2);
  auto const expected = random_bytes(3'000'000, random);
  std::vector<std::string> const paths{scratch.make("a", expected.size()), scratch.make("b", expected.size())};
  std::vector<Bytes> begins;
  constexpr Bytes kStep = 1'111;
  for (Bytes begin = 0; begin < expected.size(); begin += kStep) begins.push_back(begin);
  std::ranges::shuffle(begins, random);
  DirectWriter writer(paths);
  for (auto const begin : begins) {
    for (std::uint32_t file = 0; file < 2; ++file)
      writer.write(file, begin, std::span(expected).subspan(begin, std::min(kStep, expected.size() - begin)));
  }
  writer.sync();
  for (auto const& path : paths) EXPECT_TRUE(content_of(path) == expected);
}

TEST(DirectWriter, SaysWhichFileCannotBeOpened) {
  DirectWriter writer({"/nowhere/at/all"});
  EXPECT_THROW(writer.write(0, 0, std::vector<std::byte>(1)), IoError);
}

}  // namespace
}  // namespace distload
