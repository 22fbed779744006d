// The collective engine on HDF5 files: every storage layout, uneven and empty shares, damage, files that changed.
#include "io/mpi/collective_hdf5.hpp"

#include <filesystem>
#include <string>

#include <gmock/gmock.h>

#include <distload/base/error.hpp>

#include "io/engines/make_engine.hpp"
#include "mpi/io/hdf5_sample.hpp"
#include "mpi/io/ranks_fixture.hpp"

namespace distload {
namespace {

using testing::Wanted;

class CollectiveHdf5Test : public testing::RanksTest {
 protected:
  testing::Hdf5Sample sample_{path_, "tensors"};

  void write() {
    on_rank_0([&] { sample_.write(); });
  }
  /// The extents that fall to this rank when they are dealt out in turn.
  Wanted own_share() const {
    Wanted wanted;
    for (std::uint32_t i = 0; i < sample_.catalog().extents.size(); ++i)
      if (i % world_->size() == world_->rank()) wanted.add(sample_.catalog(), i);
    return wanted;
  }
  void TearDown() override {
    on_rank_0([&] { std::filesystem::remove(path_); });
  }
};

TEST_F(CollectiveHdf5Test, ReadsEveryDTypeAndLayout) {
  sample_.add("bf16.columns", DType::bf16, {64, 96}, {64, 24});
  sample_.add("bf16.rows", DType::bf16, {64, 96}, {16, 96});
  sample_.add("bool", DType::boolean, {7, 3});
  sample_.add("cube", DType::f32, {4, 6, 10}, {2, 3, 5});
  sample_.add("f16", DType::f16, {1000});
  sample_.add("f64.vocabulary", DType::f64, {101, 32}, {26, 32});
  sample_.add("f8", DType::f8_e4m3, {33, 65}, {11, 65});
  sample_.add("i64", DType::i64, {5});
  sample_.add("scalar", DType::f32, {});
  write();
  auto const wanted = own_share();
  Bytes progress = 0;
  ReadOptions options;
  options.on_progress = [&](Bytes nbytes) { progress += nbytes; };

  auto const engine = CollectiveHdf5::open(sample_.catalog(), *world_, {});
  ASSERT_NE(engine, nullptr);
  engine->read(wanted.requests, options);
  engine->close();

  wanted.expect_equal(sample_);
  std::vector<std::uint64_t> total{progress};
  world_->all_reduce(total, Reduction::sum);
  EXPECT_EQ(total[0], sample_.catalog().nbytes());
}

TEST_F(CollectiveHdf5Test, ReadsBlocksOfExtentsInAnyOrder) {
  sample_.add("a", DType::f32, {100, 70}, {50, 70});
  sample_.add("b", DType::bf16, {3, 5000});
  write();
  auto const& catalog = sample_.catalog();
  std::vector<std::vector<std::byte>> memory;
  std::vector<ReadRequest> requests;
  std::uint32_t turn = 0;
  for (auto const& extent : catalog.extents) memory.emplace_back(extent.nbytes);
  for (std::uint32_t i = 0; i < catalog.extents.size(); ++i)
    for (Bytes begin = 0; begin < catalog.extents[i].nbytes; begin += catalog.block_bytes)
      if (turn++ % world_->size() == world_->rank())
        requests.push_back(
            {i, begin, std::min(catalog.block_bytes, catalog.extents[i].nbytes - begin), memory[i].data() + begin});
  std::ranges::reverse(requests);

  // The sample does not say where its extents lie in the file.
  auto const engine = make_engine(ReadEngine::collective, InputFiles(catalog), *world_, {.read_datasets = true});
  engine->read(requests, {});
  engine->close();

  for (auto const& request : requests) {
    auto const expected = sample_.bytes_of(request.extent);
    EXPECT_TRUE(std::equal(request.destination, request.destination + request.nbytes,
                           expected.begin() + static_cast<std::ptrdiff_t>(request.begin_bytes)));
  }
}

TEST_F(CollectiveHdf5Test, LetsRanksTakePartWithNothing) {
  sample_.add("large", DType::f32, {2500, 4096});  // several rounds
  sample_.add("scalar", DType::f32, {});
  write();
  auto const engine = CollectiveHdf5::open(sample_.catalog(), *world_, {});
  for (std::uint32_t reader = 0; reader < world_->size(); ++reader) {
    Wanted wanted;
    if (reader == world_->rank())
      for (auto const extent : {1U, 0U}) wanted.add(sample_.catalog(), extent);
    engine->read(wanted.requests, {});
    wanted.expect_equal(sample_);
  }
  engine->read({}, {});
  engine->close();
}

TEST_F(CollectiveHdf5Test, TellsOfDamageOnTheRankThatReadIt) {
  for (std::uint32_t i = 0; i < 2 * world_->size(); ++i)
    sample_.add("tensor." + std::to_string(10 + i), DType::f32, {300});
  write();
  auto const last = world_->size() - 1;
  on_rank_0([&] { sample_.damage(last); });
  auto const wanted = own_share();
  auto const engine = CollectiveHdf5::open(sample_.catalog(), *world_, {});
  std::string message;
  try {
    engine->read(wanted.requests, {});
  } catch (CorruptData const& error) {
    message = error.what();
  }
  if (world_->rank() == last)
    EXPECT_THAT(message, ::testing::HasSubstr("'tensor." + std::to_string(10 + last) + "'"));
  else
    EXPECT_EQ(message, "");
  engine->close();
}

TEST_F(CollectiveHdf5Test, RefusesADatasetThatIsNotAsTheCatalogSays) {
  sample_.add("a", DType::f32, {300});
  write();
  sample_.catalog().tensors[0].dtype = DType::i32;
  auto const engine = CollectiveHdf5::open(sample_.catalog(), *world_, {});
  Wanted wanted;
  wanted.add(sample_.catalog(), 0);
  EXPECT_THROW(engine->read(wanted.requests, {}), CorruptData);
  engine->close();
}

TEST_F(CollectiveHdf5Test, FindsTheTensorsOfAFlatForeignFile) {
  testing::Hdf5Sample flat(path_, "");
  flat.add("a", DType::f32, {30});
  on_rank_0([&] { flat.write(); });
  auto const engine = CollectiveHdf5::open(flat.catalog(), *world_, {});
  ASSERT_NE(engine, nullptr);
  Wanted wanted;
  wanted.add(flat.catalog(), 0);
  engine->read(wanted.requests, {});
  wanted.expect_equal(flat);
  engine->close();
}

TEST_F(CollectiveHdf5Test, LeavesNestedForeignFilesToOthers) {
  testing::Hdf5Sample nested(path_, "model");
  nested.add("a", DType::f32, {30});
  on_rank_0([&] { nested.write(); });
  EXPECT_EQ(CollectiveHdf5::open(nested.catalog(), *world_, {}), nullptr);
}

TEST_F(CollectiveHdf5Test, FailsOnAllRanksIfTheFileIsMissing) {
  sample_.add("a", DType::f32, {300});
  EXPECT_THROW(CollectiveHdf5::open(sample_.catalog(), *world_, {}), Error);
}

TEST_F(CollectiveHdf5Test, RefusesATruncatedFileOnAllRanks) {
  sample_.add("a", DType::f32, {300000});
  write();
  on_rank_0([&] { std::filesystem::resize_file(path_, 100000); });
  EXPECT_THROW(CollectiveHdf5::open(sample_.catalog(), *world_, {}), CorruptData);
}

TEST_F(CollectiveHdf5Test, MayBeDestroyedWithoutClosing) {
  sample_.add("a", DType::f32, {300}, {100});
  write();
  auto const wanted = own_share();
  auto const engine = CollectiveHdf5::open(sample_.catalog(), *world_, {});
  engine->read(wanted.requests, {});
  wanted.expect_equal(sample_);
}

}  // namespace
}  // namespace distload
