// Writes and removes files.
#include "bench/save_trials.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <numeric>
#include <system_error>
#include <utility>

#include <distload/base/error.hpp>
#include <distload/save/saver.hpp>

#include "base/host_memory.hpp"
#include "bench/raw_limits.hpp"
#include "bench/slowest.hpp"
#include "io/files/output_file.hpp"
#include "parallel/all_gathered.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

/// State shared by all trials.
class Saves {
 public:
  Saves(ProcessGrid const& grid, std::function<ShardedModel const&()> model, std::string directory)
      : world_(grid.world()), load_(std::move(model)), directory_(std::move(directory)) {}

  /// Collective: loads the model and creates the folder.
  void prepare() {
    if (model_ != nullptr) return;
    model_ = &load_();
    all_or_throw(world_, "save_create", [&] {
      std::error_code error;
      if (world_.rank() == 0) fs::create_directories(directory_, error);
      if (error) throw IoError("creating the folder " + directory_ + " failed: " + error.message());
    });
    for (auto const& shard : model_->shards()) own_bytes_ = std::max(own_bytes_, shard.offset_bytes + shard.nbytes);
    own_bytes_ = round_up(own_bytes_, 4 * kKiB);
    auto const sizes = all_gathered(world_, own_bytes_);
    total_bytes_ = std::accumulate(sizes.begin(), sizes.end(), Bytes{0});
    before_ = std::accumulate(sizes.begin(), sizes.begin() + world_.rank(), Bytes{0});
  }

  /// Collective: the same, with memory for a copy of the shards.
  void prepare_copy() {
    prepare();
    copy_ = touched_memory(own_bytes_);
  }

  /// Writes the arenas of all ranks to one file.
  template <class F>
  void write_raw_file(Contender& contender, F const& write) {
    auto const path = (fs::path(directory_) / "distload-bench.raw").string();
    all_or_throw(world_, "save_write", [&] {
      if (world_.rank() == 0) OutputFile::create_new(path).allocate(total_bytes_);
    });
    time(contender, [&] { write(path, before_, arena(), own_bytes_); });
    remove(path);
  }

  void copy(Contender& contender) {
    time(contender, [&] { std::copy_n(arena(), own_bytes_, copy_.data()); });
  }

  void save(Contender& contender, SaveOptions options) {
    options.directory = directory_;
    world_.barrier();
    auto const start = std::chrono::steady_clock::now();
    auto const saved = Saver(options).save(*model_, model_->metadata(), world_);
    contender.nbytes = total_bytes_;
    contender.seconds.add(slowest_seconds(world_, start));
    contender.engine = word_of(saved.engine);
    remove(saved.path);
  }

  /// Measures the time that the caller waits.
  void save_in_background(Contender& contender) {
    if (!background_) {
      SaveOptions options;
      options.directory = directory_;
      background_.emplace(options);
    }
    world_.barrier();
    auto const start = std::chrono::steady_clock::now();
    background_->save_async(*model_, model_->metadata(), world_);
    contender.nbytes = total_bytes_;
    contender.seconds.add(slowest_seconds(world_, start));
    remove(background_->wait().value().path);
  }

 private:
  std::byte const* arena() const { return model_->bytes(model_->shards().front()).data(); }

  template <class F>
  void time(Contender& contender, F const& work) {
    contender.nbytes = total_bytes_;
    contender.seconds.add(time_on_all_ranks(world_, "save_write", work));
  }

  void remove(std::string const& path) {
    all_or_throw(world_, "save_write", [&] {
      if (world_.rank() == 0) fs::remove_all(path);
    });
  }

  Communicator& world_;
  std::function<ShardedModel const&()> load_;
  ShardedModel const* model_ = nullptr;
  std::string directory_;
  Bytes own_bytes_ = 0;
  Bytes total_bytes_ = 0;
  Bytes before_ = 0;  ///< bytes of lower ranks
  HostMemory copy_;
  std::optional<Saver> background_;  ///< keeps its memory between rounds, as in a training job
};

}  // namespace

std::vector<Trial> save_trials(ProcessGrid const& grid, std::function<ShardedModel const&()> model,
                               std::string directory, std::size_t first_number) {
  auto const saves = std::make_shared<Saves>(grid, std::move(model), std::move(directory));
  auto const through_cache = first_number;
  auto const past_cache = first_number + 1;
  auto const memory = first_number + 2;
  auto const prepare = [saves] { saves->prepare(); };
  auto const save_trial = [&](char const* name, std::size_t limit, SaveOptions const& options) {
    return Trial{compared_with({limit}, name), prepare,
                 [saves, options](Contender& contender) { saves->save(contender, options); }};
  };
  SaveOptions collective;
  collective.engine = WriteEngine::collective;
  SaveOptions full;
  full.verify = VerifyAfterWrite::full;
  SaveOptions safetensors;
  safetensors.format = SourceFormat::safetensors;
  return {{bare("raw pwrite, fsync"), prepare,
           [saves](Contender& contender) { saves->write_raw_file(contender, write_raw); }},
          {bare("raw io_uring write, fsync"), prepare,
           [saves](Contender& contender) {
             saves->write_raw_file(contender, [](auto const& path, Bytes offset, auto const* bytes, Bytes count) {
               write_raw_directly(path, offset, bytes, count, kRawDepth);
             });
           }},
          {bare("memcpy of the shards"), [saves] { saves->prepare_copy(); },
           [saves](Contender& contender) { saves->copy(contender); }},
          save_trial("save collective", through_cache, collective),
          save_trial("save direct", past_cache, {}),
          save_trial("save direct, read back", past_cache, full),
          save_trial("save safetensors", past_cache, safetensors),
          {compared_with({memory}, "save async, stall"), prepare,
           [saves](Contender& contender) { saves->save_in_background(contender); }}};
}

}  // namespace distload
