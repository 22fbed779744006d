// Options that a program fills in are refused as YAML is.
#include <distload/config/validate.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <distload/base/error.hpp>

#include "support/thrown_message.hpp"

namespace distload {
namespace {

Config good_config() {
  Config config;
  config.checkpoint.path = "model";
  config.save.emplace().directory = "out";
  return config;
}

template <class Options>
std::string refusal(Options const& options) {
  return thrown_message<ConfigError>([&] { validate(options); });
}

TEST(Validate, TakesWhatIsRight) {
  EXPECT_EQ(refusal(good_config()), "");
  EXPECT_EQ(refusal(SaveOptions{.directory = "out"}), "");
}

TEST(Validate, NamesTheKeyAndWhatItMustBe) {
  std::vector<std::pair<std::function<void(Config&)>, std::string>> const cases{
      {[](Config& c) { c.checkpoint.path = ""; }, "`checkpoint.path` is missing: which checkpoint is to be loaded?"},
      {[](Config& c) { c.topology.tensor_parallel = 0; }, "`topology.tensor_parallel` must be at least 1"},
      {[](Config& c) {
         c.topology.pipeline_layers = {3, 0};
       },
       "`topology.pipeline_layers` must be at least 1"},
      {[](Config& c) { c.topology.uneven = static_cast<UnevenCuts>(7); }, "`topology.uneven` is none of its choices"},
      {[](Config& c) { c.model.missing = static_cast<Tolerance>(3); }, "`model.missing` is none of its choices"},
      {[](Config& c) { c.model.fuse = {""}; }, "`model.fuse` must not be empty"},
      {[](Config& c) { c.load.dtype = DType::i32; }, "`load.dtype` must be one of bf16, fp16, fp32"},
      {[](Config& c) { c.load.prefetch = 65; }, "`load.prefetch` must be at most 64"},
      {[](Config& c) { c.load.staging = 16 * kMiB - 1; },
       "`load.staging` must be at least 16 MiB: a few blocks of 4 MiB must fit at once"},
      {[](Config& c) { c.save->directory = ""; }, "`save.directory` is missing: where is the checkpoint to be saved?"},
      {[](Config& c) { c.save->alignment = 5; }, "`save.alignment` must be a power of two from 4 KiB to 1 GiB"},
      {[](Config& c) { c.save->shard_size = 1; }, "`save.shard_size` must be from 1 MB to 1 TiB"},
      {[](Config& c) { c.save->engine = static_cast<WriteEngine>(9); }, "`save.engine` is none of its choices"},
      {[](Config& c) { c.report.progress = static_cast<ProgressMode>(9); }, "`report.progress` is none of its choices"},
      {[](Config& c) { c.runtime.timeout = std::chrono::milliseconds(1); }, "`runtime.timeout` must be at least 1 s"},
      {[](Config& c) { c.runtime.threads = kMaxHostThreads + 1; }, "`runtime.threads` must be at most 512"},
      {[](Config& c) { c.cost.link_bandwidth = 0; }, "`cost.link_bandwidth` must be a rate from 1 B/s to 1 EB/s"},
      {[](Config& c) { c.cost.link_latency_seconds = -1; }, "`cost.link_latency` must be a duration from 0 s to 1e9 s"},
  };
  for (auto const& [change, expected] : cases) {
    auto config = good_config();
    change(config);
    EXPECT_EQ(refusal(config), expected);
  }
}

TEST(Validate, RefusesWhatExcludesEachOther) {
  auto config = good_config();
  config.load.transpose = true;
  EXPECT_NE(refusal(config).find("`load.transpose` and a `save` section exclude each other"), std::string::npos);
  EXPECT_EQ(refusal(static_cast<LoaderOptions const&>(config)), "");
  SaveOptions save{.directory = "out", .format = SourceFormat::safetensors, .engine = WriteEngine::collective};
  EXPECT_NE(refusal(save).find("`save.engine: collective` writes HDF5"), std::string::npos);
}

}  // namespace
}  // namespace distload
