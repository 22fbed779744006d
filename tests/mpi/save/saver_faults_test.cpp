/// A fault in every step of a save, on every kind of rank and in every way.
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <distload/base/error.hpp>

#include "checkpoint/files/load_files.hpp"
#include "checkpoint/hdf5/read_catalog.hpp"
#include "checkpoint/safetensors/directory.hpp"
#include "expect_sample_content.hpp"
#include "injected_fault.hpp"
#include "save/save_steps.hpp"
#include "saver_suite.hpp"
#include "support/sample_model.hpp"

namespace distload {
namespace {

/// True if a save goes through that step, once it has been started, and fails with it.
bool has_step(Way const& way, std::string_view step) {
  auto const is_hdf5 = way.format == SourceFormat::hdf5;
  if (step == "save_hashes" || step == "save_mark" || step == "save_stamp") return is_hdf5;
  return step != "save_remove" && step != "save_retain";  // when the new one is there already
}

class SaverFaultsTest : public SaverSuite {};

TEST_F(SaverFaultsTest, FailsOnAllRanksAndLeavesWhatWasThere) {
  auto const model = make_model({ranks_->size(), 1, 1}, ranks_->rank());
  for (auto const& way : kWays) {
    auto const path = save_by(way, model, 5);
    auto const is_hdf5 = way.format == SourceFormat::hdf5;
    auto const expect_content = [&] {
      auto const catalog = is_hdf5 ? read_hdf5_catalog(path) : read_safetensors_catalog(path);
      expect_sample_content(catalog);
      EXPECT_EQ(catalog.metadata.files.size(), 2U);
      for (auto const& file : catalog.metadata.files) EXPECT_EQ(content_of(file)->size(), file.nbytes);
    };
    for (auto const step : kSaveSteps) {
      if (!has_step(way, step)) continue;
      // Rank 0 alone completes a checkpoint.
      for (auto const victim : {0U, ranks_->size() - 1}) {
        auto const is_of_rank_0 = std::ranges::find(kSaveSteps, step) > std::ranges::find(kSaveSteps, "save_commit") &&
                                  step != "save_publish";
        if (is_of_rank_0 && victim != 0) continue;
        InjectedFault const fault(std::string(step), victim, ranks_->rank());
        EXPECT_THROW(save_by(way, model, 5), IoError) << way.name << " " << step;
        EXPECT_THROW(save_by(way, model, 6), IoError) << way.name << " " << step;
      }
      ranks_->barrier();
      expect_content();
      auto const entries =
          std::distance(std::filesystem::directory_iterator(directory_.path()), std::filesystem::directory_iterator());
      EXPECT_EQ(entries, 1) << way.name << " " << step;
      ranks_->barrier();
    }
    EXPECT_EQ(save_by(way, model, 5), path);
    expect_content();
    ranks_->barrier();
  }
}

}  // namespace
}  // namespace distload
