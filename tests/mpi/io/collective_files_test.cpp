// The collective engine on plain files: every rank its own ranges, uneven and empty shares, failures on one rank.
#include "io/mpi/collective_files.hpp"

#include <string>

#include <gmock/gmock.h>

#include <distload/base/error.hpp>

#include "mpi/io/ranks_fixture.hpp"

namespace distload {
namespace {

using testing::Wanted;

/// All ranks describe the same checkpoint, rank 0 writes it.
class CollectiveFilesTest : public testing::RanksTest {
 protected:
  testing::RawCheckpoint checkpoint_{path_};

  void write() {
    on_rank_0([&] { checkpoint_.write(); });
  }
  void TearDown() override { world_->barrier(); }
};

TEST_F(CollectiveFilesTest, GivesEveryRankItsRanges) {
  auto const first = checkpoint_.add_file();
  auto const second = checkpoint_.add_file(5);
  for (std::uint32_t i = 0; i < 30; ++i)
    checkpoint_.add_tensor(i % 3 == 0 ? second : first, i % 7 == 0 ? 5 * testing::kTestBlockBytes + i : 1000 + i,
                           i % 2 == 0);
  write();
  Wanted wanted;
  for (std::uint32_t i = 0; i < 30; ++i)
    if (i % world_->size() == world_->rank()) wanted.add(checkpoint_.catalog(), i);
  Bytes progress = 0;
  ReadOptions options;
  options.on_progress = [&](Bytes nbytes) { progress += nbytes; };

  CollectiveFiles engine(checkpoint_.catalog(), *world_, {});
  engine.read(wanted.requests, options);
  engine.close();

  wanted.expect_equal(checkpoint_);
  std::vector<std::uint64_t> total{progress};
  world_->all_reduce(total, Reduction::sum);
  EXPECT_EQ(total[0], checkpoint_.catalog().nbytes());
}

TEST_F(CollectiveFilesTest, LetsRanksTakePartWithNothing) {
  checkpoint_.add_tensor(checkpoint_.add_file(), 40 * kMiB + 1);  // several rounds
  write();
  CollectiveFiles engine(checkpoint_.catalog(), *world_, {});
  for (std::uint32_t reader = 0; reader < world_->size(); ++reader) {
    Wanted wanted;
    if (reader == world_->rank()) wanted.add(checkpoint_.catalog(), 0);
    engine.read(wanted.requests, {});
    wanted.expect_equal(checkpoint_);
  }
  engine.read({}, {});
  engine.close();
}

TEST_F(CollectiveFilesTest, LetsAllRanksReadTheSame) {
  checkpoint_.add_tensor(checkpoint_.add_file(), 2 * testing::kTestBlockBytes + 1);
  write();
  CollectiveFiles engine(checkpoint_.catalog(), *world_, {});
  Wanted wanted;
  wanted.add(checkpoint_.catalog(), 0);
  engine.read(wanted.requests, {});
  wanted.expect_equal(checkpoint_);
  engine.close();
}

TEST_F(CollectiveFilesTest, TellsOfDamageOnTheRankThatReadItAfterTheOthersAreDone) {
  auto const file = checkpoint_.add_file();
  for (std::uint32_t i = 0; i < 2 * world_->size(); ++i) checkpoint_.add_tensor(file, 100 + i);
  write();
  auto const last = world_->size() - 1;
  on_rank_0([&] { checkpoint_.damage(last, 50); });
  Wanted wanted;
  wanted.add(checkpoint_.catalog(), world_->rank());
  wanted.add(checkpoint_.catalog(), world_->size() + world_->rank());
  CollectiveFiles engine(checkpoint_.catalog(), *world_, {});
  std::string message;
  try {
    engine.read(wanted.requests, {});
  } catch (CorruptData const& error) {
    message = error.what();
  }
  if (world_->rank() == last)
    EXPECT_THAT(message, ::testing::HasSubstr("'tensor." + std::to_string(last) + "'"));
  else
    EXPECT_EQ(message, "");
  engine.close();
}

TEST_F(CollectiveFilesTest, NoticesATruncatedFile) {
  checkpoint_.add_tensor(checkpoint_.add_file(), 3000, false);
  write();
  on_rank_0([&] { checkpoint_.truncate(0, 2999); });
  Wanted wanted;
  wanted.add(checkpoint_.catalog(), 0);
  CollectiveFiles engine(checkpoint_.catalog(), *world_, {});
  EXPECT_THROW(engine.read(wanted.requests, {}), CorruptData);
  engine.close();
}

TEST_F(CollectiveFilesTest, FailsOnAllRanksIfAFileIsMissing) {
  checkpoint_.add_tensor(checkpoint_.add_file(), 3000);
  Wanted wanted;
  wanted.add(checkpoint_.catalog(), 0);
  CollectiveFiles engine(checkpoint_.catalog(), *world_, {});
  EXPECT_THROW(engine.read(wanted.requests, {}), IoError);
  engine.close();
}

TEST_F(CollectiveFilesTest, MayBeDestroyedWithoutClosing) {
  checkpoint_.add_tensor(checkpoint_.add_file(), 3000);
  write();
  Wanted wanted;
  wanted.add(checkpoint_.catalog(), 0);
  CollectiveFiles engine(checkpoint_.catalog(), *world_, {});
  engine.read(wanted.requests, {});
  wanted.expect_equal(checkpoint_);
}

}  // namespace
}  // namespace distload
