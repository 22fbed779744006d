/// Trials: everything that is measured with one checkpoint.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>
#include <distload/config/config.hpp>
#include <distload/load/loader.hpp>
#include <distload/parallel/process_grid.hpp>

#include "bench/measure.hpp"
#include "bench/raw_limits.hpp"
#include "bench/trial.hpp"

namespace distload {

/// Makes the trials, and holds what they share: opened files, memory, loaded models. All of it is made when a trial
/// needs it.
class Trials {
 public:
  /// Local. `grid` must outlive the object.
  Trials(ProcessGrid const& grid, LoaderOptions config, MeasureOptions options);

  /// Local: all trials in the order of a round; the object must outlive them.
  /// @param directly  the files can be read bypassing the page cache
  std::vector<Trial> all(bool directly);

  /// Collective: makes the first use of memory equally fast for all trials.
  void settle();

  /// Collective.
  Catalog const& catalog();

 private:
  LoaderOptions with_engine(ReadEngine engine, bool verify = true) const;
  OpenedCheckpoint open(Loader& loader) const;
  void add(Contender contender, std::function<void()> prepare, std::function<void(Contender&)> run);
  void add_raw_reads(bool directly);
  /// Adds `read` into small and into huge pages that are new in each run; returns the numbers of the two trials.
  std::vector<std::size_t> add_reads_into_new_pages(std::string const& name,
                                                    std::function<void(RawReader const&, HostMemory const&)> read);
  void add_memcpy();
  void add_load(ReadEngine engine, bool verify);
  void add_reload(ReadEngine engine, bool verify);
  void add_saves();

  void prepare_raw();
  /// Collective: loads the model with `loader` if it is not loaded yet.
  ShardedModel& model(ReadEngine engine, Loader& loader);
  template <class F>
  void time_raw(Contender& contender, F const& work);
  template <class Plan, class Run>
  void time_steps(Contender& contender, Loader& loader, Plan const& make_plan, Run const& run);
  void time_load(Contender& contender, Loader& loader);
  void time_reload(Contender& contender, Loader& loader, ShardedModel& model);

  ProcessGrid const& grid_;
  Communicator& world_;
  LoaderOptions config_;
  MeasureOptions options_;
  std::optional<OpenedCheckpoint> checkpoint_;
  std::unique_ptr<RawReader> raw_;
  HostMemory share_;    ///< of a rank's part of the files; touched
  HostMemory copy_;     ///< the same; touched
  HostMemory buffers_;  ///< of direct reads; touched
  Bytes peak_bytes_ = 0;
  std::vector<std::unique_ptr<Loader>> loaders_;
  std::unique_ptr<ShardedModel> private_model_;  ///< a copy in private memory
  std::unique_ptr<ShardedModel> auto_model_;     ///< the model that `auto` creates
  std::vector<Trial> trials_;
  std::vector<std::size_t> load_limits_;
  std::size_t in_place_ = 0;  ///< number of the raw read into touched memory
};

/// Collective: drops a checkpoint's files from the page cache.
void forget_files(Communicator& world, Catalog const& catalog);

/// Collective: reads a checkpoint's files into the page cache of every node.
void read_files(ProcessGrid const& grid, Catalog const& catalog);

}  // namespace distload
