// The engines with which each rank reads for itself, on real files: bytes, checksums, and every way in which reading
// fails.
#include <memory>
#include <numeric>
#include <random>
#include <type_traits>

#include <gmock/gmock.h>

#include <distload/base/error.hpp>

#include "checkpoint/mapped_offsets.hpp"
#include "io/engines/buffered_engine.hpp"
#include "io/engines/direct_engine.hpp"
#include "io/engines/mmap_engine.hpp"
#include "support/thrown_message.hpp"
#include "unit/io/raw_checkpoint.hpp"

namespace distload {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;

/// The message of the exception of type `E` that `f` throws.
template <class E, class F>
std::string message_of(F const& f) {
  return thrown_message<E>(f);
}

/// Makes an engine.
using Maker = std::unique_ptr<Engine> (*)(Catalog const&);

template <class E, std::uint32_t threads>
std::unique_ptr<Engine> make(Catalog const& catalog) {
  return std::make_unique<E>(InputFiles(catalog, Caching::page_cache), threads);
}

template <std::uint32_t depth, bool buffers_for_all, Bytes each>
std::unique_ptr<Engine> make_direct(Catalog const& catalog) {
  return std::make_unique<DirectEngine>(InputFiles(catalog, Caching::none), depth,
                                        DirectEngine::Buffers{buffers_for_all, kHugePageBytes, each});
}

class IndependentEngines : public ::testing::TestWithParam<std::pair<char const*, Maker>> {
 protected:
  void SetUp() override {
    auto const refusal = why_not_direct({});
    if (refusal && std::string_view(GetParam().first).starts_with("direct")) GTEST_SKIP() << *refusal;
  }

  testing::RawCheckpoint checkpoint_{testing::fresh_directory()};

  /// Reads one whole extent.
  std::vector<std::byte> read(std::uint32_t extent, ReadOptions const& options = {}) {
    auto const engine = GetParam().second(checkpoint_.catalog());
    std::vector<std::byte> bytes(checkpoint_.catalog().extents[extent].nbytes);
    ReadRequest const request{extent, 0, bytes.size(), bytes.data()};
    engine->read({&request, 1}, options);
    return bytes;
  }
};

INSTANTIATE_TEST_SUITE_P(All, IndependentEngines,
                         ::testing::Values(std::pair("buffered", &make<BufferedEngine, 1>),
                                           std::pair("buffered_3_threads", &make<BufferedEngine, 3>),
                                           std::pair("direct_1_at_a_time", &make_direct<1, false, kHugePageBytes>),
                                           std::pair("direct", &make_direct<4, false, kHugePageBytes>),
                                           std::pair("direct_through_buffers", &make_direct<4, true, kHugePageBytes>),
                                           std::pair("direct_small_buffers", &make_direct<4, true, 512 * kKiB>),
                                           std::pair("mmap", &make<MmapEngine, 1>),
                                           std::pair("mmap_3_threads", &make<MmapEngine, 3>)),
                         [](auto const& test) { return test.param.first; });

TEST_P(IndependentEngines, ReadsExtentsOfAllSizes) {
  auto const file = checkpoint_.add_file(100);
  for (Bytes const nbytes : {Bytes{0}, Bytes{1}, Bytes{4095}, testing::kTestBlockBytes, testing::kTestBlockBytes + 1,
                             3 * testing::kTestBlockBytes - 1, 20 * kMiB + 17})
    for (bool const checksums : {true, false}) checkpoint_.add_tensor(file, nbytes, checksums);
  checkpoint_.write();
  for (std::uint32_t extent = 0; extent < checkpoint_.catalog().extents.size(); ++extent)
    EXPECT_TRUE(read(extent) == checkpoint_.bytes_of(extent)) << "extent " << extent;
}

TEST_P(IndependentEngines, ReadsManyRequestsOfSeveralFilesInAnyOrder) {
  auto const first = checkpoint_.add_file();
  auto const second = checkpoint_.add_file(3);
  for (int i = 0; i < 20; ++i) {
    checkpoint_.add_tensor(first, 1000 + static_cast<Bytes>(i), i % 3 != 0);
    checkpoint_.add_tensor(second, testing::kTestBlockBytes / 2 * static_cast<Bytes>(i % 5) + 7, i % 4 != 0);
  }
  checkpoint_.write();
  auto const& extents = checkpoint_.catalog().extents;
  std::vector<std::vector<std::byte>> memory;
  std::vector<ReadRequest> requests;
  for (auto const& extent : extents) memory.emplace_back(extent.nbytes);
  for (std::uint32_t i = 0; i < extents.size(); ++i) {
    // The blocks of each extent as requests of their own.
    for (Bytes begin = 0; begin < extents[i].nbytes; begin += testing::kTestBlockBytes)
      requests.push_back(
          {i, begin, std::min(testing::kTestBlockBytes, extents[i].nbytes - begin), memory[i].data() + begin});
  }
  std::ranges::shuffle(requests, std::mt19937(1));
  Bytes progress = 0;
  ReadOptions options;
  options.on_progress = [&](Bytes nbytes) { progress += nbytes; };

  auto const engine = GetParam().second(checkpoint_.catalog());
  engine->read(requests, options);

  for (std::uint32_t i = 0; i < extents.size(); ++i)
    EXPECT_TRUE(memory[i] == checkpoint_.bytes_of(i)) << "extent " << i;
  EXPECT_EQ(progress, checkpoint_.catalog().nbytes());
}

TEST_P(IndependentEngines, NamesTheDamagedBlock) {
  checkpoint_.add_tensor(checkpoint_.add_file(64), 100);
  auto const extent = checkpoint_.add_tensor(0, 9 * testing::kTestBlockBytes + 1000);
  checkpoint_.write();
  auto const offset = checkpoint_.catalog().extents[extent].offset_bytes;
  struct Case {
    Bytes position, begin, end;
  };
  for (auto const& [position, begin, end] :
       {Case{0, 0, testing::kTestBlockBytes}, Case{testing::kTestBlockBytes - 1, 0, testing::kTestBlockBytes},
        Case{testing::kTestBlockBytes, testing::kTestBlockBytes, 2 * testing::kTestBlockBytes},
        Case{9 * testing::kTestBlockBytes + 999, 9 * testing::kTestBlockBytes, 9 * testing::kTestBlockBytes + 1000}}) {
    checkpoint_.write();
    checkpoint_.damage(extent, position);
    auto const range = "bytes [" + std::to_string(offset + begin) + ", " + std::to_string(offset + end) + ")";
    EXPECT_THAT(message_of<CorruptData>([&] { read(extent); }),
                AllOf(HasSubstr("tensor 'tensor.1'"), HasSubstr(checkpoint_.path_of(extent)), HasSubstr(range)));
  }
}

TEST_P(IndependentEngines, DoesNotVerifyWhenToldNotTo) {
  auto const extent = checkpoint_.add_tensor(checkpoint_.add_file(), 3 * testing::kTestBlockBytes);
  checkpoint_.write();
  checkpoint_.damage(extent, 5);
  auto expected = checkpoint_.bytes_of(extent);
  expected[5] = ~expected[5];
  ReadOptions options;
  options.verify = false;
  EXPECT_TRUE(read(extent, options) == expected);
}

TEST_P(IndependentEngines, NamesTheFirstMissingByteOfATruncatedFile) {
  for (bool const checksums : {true, false}) {
    testing::RawCheckpoint checkpoint(testing::fresh_directory());
    checkpoint.add_tensor(checkpoint.add_file(), 5000, checksums);
    auto const extent = checkpoint.add_tensor(0, 2 * testing::kTestBlockBytes, checksums);
    checkpoint.write();
    checkpoint.truncate(extent, testing::kTestBlockBytes + 10);
    auto const engine = GetParam().second(checkpoint.catalog());
    std::vector<std::byte> bytes(5000 + 2 * testing::kTestBlockBytes);
    std::vector<ReadRequest> const requests{{0, 0, 5000, bytes.data()},
                                            {extent, 0, 2 * testing::kTestBlockBytes, bytes.data() + 5000}};
    auto const missing = "bytes [" + std::to_string(5000 + testing::kTestBlockBytes + 10) + ", " +
                         std::to_string(5000 + 2 * testing::kTestBlockBytes) + ") are missing";
    EXPECT_THAT(message_of<CorruptData>([&] { engine->read(requests, {}); }),
                AllOf(HasSubstr("truncated"), HasSubstr("'tensor.1'"), HasSubstr(missing)));
  }
}

TEST_P(IndependentEngines, ReportsTheSystemsRefusal) {
  auto const extent = checkpoint_.add_tensor(checkpoint_.add_file(), 4096);
  checkpoint_.catalog().files[0].path = "/nowhere/model.safetensors";
  EXPECT_THAT(message_of<IoError>([&] { read(extent); }),
              AllOf(HasSubstr("/nowhere/model.safetensors"), HasSubstr("No such file")));
  checkpoint_.catalog().files[0].path = "/proc/self/mem";  // whose first page is never mapped: EIO
  EXPECT_THAT(
      message_of<IoError>([&] { read(extent); }),
      AllOf(HasSubstr("/proc/self/mem"), AnyOf(AllOf(HasSubstr("bytes [0, 4096)"), HasSubstr("Input/output error")),
                                               HasSubstr("cannot open"),    // it cannot be read directly
                                               HasSubstr("cannot map"))));  // nor mapped
}

TEST_P(IndependentEngines, ShowsInOrderWhatHasNoDestination) {
  auto const file = checkpoint_.add_file(64);
  for (Bytes const nbytes : {Bytes{1}, testing::kTestBlockBytes, 3 * testing::kTestBlockBytes + 5, 5 * kMiB + 1})
    for (bool const checksums : {true, false}) checkpoint_.add_tensor(file, nbytes, checksums);
  checkpoint_.write();
  auto const& catalog = checkpoint_.catalog();
  std::vector<std::vector<std::byte>> shown(100 + catalog.extents.size());
  std::vector<ReadRequest> requests;
  for (std::uint32_t i = 0; i < catalog.extents.size(); ++i)
    requests.push_back({i, 0, catalog.extents[i].nbytes, nullptr, 100 + i});
  ReadOptions options;
  options.on_bytes = [&](std::span<PassingBytes const> passing) {
    for (auto const& [number, begin, bytes] : passing) {
      EXPECT_EQ(begin, shown[number].size());
      shown[number].insert(shown[number].end(), bytes.begin(), bytes.end());
    }
  };
  GetParam().second(catalog)->read(requests, options);
  for (std::uint32_t i = 0; i < catalog.extents.size(); ++i)
    EXPECT_TRUE(shown[100 + i] == checkpoint_.bytes_of(i)) << "extent " << i;

  for (auto& bytes : shown) bytes.clear();
  checkpoint_.damage(2, 7);
  EXPECT_THROW(GetParam().second(catalog)->read(requests, options), CorruptData);
}

TEST(MmapEngine, VerifiesWhatLiesInTheMapping) {
  testing::RawCheckpoint checkpoint(testing::fresh_directory());
  checkpoint.add_tensor(checkpoint.add_file(64), 100);
  auto const file = checkpoint.add_file(12);
  auto const extent = checkpoint.add_tensor(file, 5 * testing::kTestBlockBytes + 1);
  checkpoint.write();
  auto const& catalog = checkpoint.catalog();
  MmapEngine engine{InputFiles(catalog)};
  auto const& stored = catalog.extents[extent];
  auto* const place = engine.mapping()->data() + mapped_offsets(catalog)[file] + stored.offset_bytes;
  ReadRequest const request{extent, 0, stored.nbytes, place};
  Bytes skipped = 0;
  ReadOptions options;
  options.on_skipped = [&](Bytes nbytes) { skipped += nbytes; };
  engine.read({&request, 1}, options);
  EXPECT_TRUE(std::ranges::equal(std::span(place, stored.nbytes), checkpoint.bytes_of(extent)));
  EXPECT_EQ(skipped, 0U);

  checkpoint.damage(extent, 3 * testing::kTestBlockBytes);
  EXPECT_THROW(engine.read({&request, 1}, options), CorruptData);
  options.verify = false;
  engine.read({&request, 1}, options);
  EXPECT_EQ(skipped, stored.nbytes) << "it stays unread";
}

template <class E>
class EnginesOfNeighbours : public ::testing::Test {};

using EnginesOfNeighboursTypes = ::testing::Types<BufferedEngine, MmapEngine>;
TYPED_TEST_SUITE(EnginesOfNeighbours, EnginesOfNeighboursTypes);

TYPED_TEST(EnginesOfNeighbours, ShowShortOnesInOneCall) {
  testing::RawCheckpoint checkpoint(testing::fresh_directory());
  auto const file = checkpoint.add_file(64);
  for (int i = 0; i < 30; ++i) checkpoint.add_tensor(file, 3000 + static_cast<Bytes>(i), i % 4 != 0);
  checkpoint.write();
  auto const& catalog = checkpoint.catalog();
  TypeParam engine{InputFiles(catalog)};
  if (engine.mapping() != nullptr && !engine.mapping()->prefault(0, 1))
    GTEST_SKIP() << "the kernel cannot map pages in advance";
  // Every third one is passed, the others have destinations.
  std::vector<std::vector<std::byte>> memory;
  std::vector<ReadRequest> requests;
  for (std::uint32_t i = 0; i < catalog.extents.size(); ++i) {
    auto& bytes = memory.emplace_back(catalog.extents[i].nbytes);
    requests.push_back({i, 0, bytes.size(), i % 3 == 0 ? nullptr : bytes.data(), i});
  }
  std::size_t calls = 0;
  Bytes prepared = 0;
  Bytes progress = 0;
  ReadOptions options;
  options.on_bytes = [&](std::span<PassingBytes const> passing) {
    ++calls;
    for (auto const& part : passing)
      std::ranges::copy(part.bytes, memory[part.request].begin() + static_cast<std::ptrdiff_t>(part.begin));
  };
  options.before_write = [&](std::span<std::byte const> bytes) {
    auto const is_destination = [&](auto const& extent) { return extent.data() == bytes.data(); };
    if (std::ranges::any_of(memory, is_destination)) prepared += bytes.size();
  };
  options.on_progress = [&](Bytes nbytes) { progress += nbytes; };
  engine.read(requests, options);
  Bytes with_destination = 0;
  for (std::uint32_t i = 0; i < catalog.extents.size(); ++i) {
    EXPECT_TRUE(memory[i] == checkpoint.bytes_of(i)) << "extent " << i;
    if (i % 3 != 0) with_destination += catalog.extents[i].nbytes;
  }
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(prepared, with_destination);
  EXPECT_EQ(progress, catalog.nbytes());

  for (std::uint32_t const extent : {5U, 6U}) {  // with a destination, and passed
    checkpoint.damage(extent, 2999);
    EXPECT_THAT(message_of<CorruptData>([&] { engine.read(requests, options); }),
                HasSubstr("'tensor." + std::to_string(extent) + "'"));
    checkpoint.write();
  }
}

TEST(FileMapping, TellsOfWhatIsNoLongerThere) {
  testing::RawCheckpoint checkpoint(testing::fresh_directory());
  auto const extent = checkpoint.add_tensor(checkpoint.add_file(), kMiB);
  checkpoint.write();
  InputFiles files(checkpoint.catalog());
  FileMapping const mapping(files);
  mapping.prefault(0, kMiB);
  checkpoint.truncate(extent, 100'000);
  mapping.prefault(0, 100'000);
  EXPECT_THAT(message_of<IoError>([&] { mapping.prefault(200'000, 1000); }),
              AllOf(HasSubstr(checkpoint.path_of(extent)), HasSubstr("bytes [200000, 201000)")));
}

}  // namespace
}  // namespace distload
