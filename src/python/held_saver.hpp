/// HeldSaver: a Saver as Python holds it, and the group that it saves with.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <distload/config/config.hpp>
#include <distload/load/progress.hpp>
#include <distload/save/saver.hpp>

#include "python/group.hpp"
#include "python/held_model.hpp"
#include "python/memory.hpp"

namespace distload::python {

/// Shards of others, and what keeps their memory.
struct BorrowedShards {
  std::vector<HeldShard> shards;
  std::vector<Memory> memories;
};

/// Members are collective over the group's world, but for `is_in_flight`.
class HeldSaver {
 public:
  static std::shared_ptr<HeldSaver> make(Group& group, SaveOptions options, RuntimeOptions const& runtime,
                                         ProgressSink progress);
  HeldSaver(Group& group, SaveOptions options, RuntimeOptions const& runtime, ProgressSink progress);

  /// @param step  that the model is saved as; nothing: its own
  /// @throws ConfigError  the model has been redistributed in place; others as Saver's members
  SaveResult save(HeldModel const& model, std::optional<std::uint64_t> step);
  void save_async(HeldModel const& model, std::optional<std::uint64_t> step);
  SaveResult save(BorrowedShards const& own, CheckpointMetadata const& metadata);
  void save_async(BorrowedShards const& own, CheckpointMetadata const& metadata);
  std::optional<SaveResult> wait();

  bool is_in_flight() const noexcept { return is_in_flight_; }

 private:
  Group* group_;
  Saver saver_;
  bool is_in_flight_ = false;
};

/// True if a save of this process has not been waited for.
bool has_saves_in_flight();

/// Collective: waits for all of them. What goes wrong is logged.
void wait_for_saves();

}  // namespace distload::python
