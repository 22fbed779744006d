// Knows which saves are in flight, for the end of the process.
#include "python/held_saver.hpp"

#include <utility>

#include <distload/base/error.hpp>

#include "base/log.hpp"

namespace distload::python {
namespace {

/// In the order in which they were made, which is the same on all ranks. Never destroyed: destroying a saver waits for
/// other ranks.
std::vector<std::weak_ptr<HeldSaver>>& savers() {
  static auto* const the_savers = new std::vector<std::weak_ptr<HeldSaver>>;
  return *the_savers;
}

CheckpointMetadata metadata_of(HeldModel const& model, std::optional<std::uint64_t> step) {
  if (model.is_released()) throw ConfigError("save: the model has been redistributed in place, and has no shards");
  auto metadata = model.model().metadata();
  metadata.step = step.value_or(metadata.step);
  return metadata;
}

}  // namespace

std::shared_ptr<HeldSaver> HeldSaver::make(Group& group, SaveOptions options, RuntimeOptions const& runtime,
                                           ProgressSink progress) {
  auto made = std::make_shared<HeldSaver>(group, std::move(options), runtime, std::move(progress));
  std::erase_if(savers(), [](auto const& known) { return known.expired(); });
  savers().push_back(made);
  return made;
}

HeldSaver::HeldSaver(Group& group, SaveOptions options, RuntimeOptions const& runtime, ProgressSink progress)
    : group_(&group), saver_(std::move(options), std::move(progress), runtime) {}

SaveResult HeldSaver::save(HeldModel const& model, std::optional<std::uint64_t> step) {
  is_in_flight_ = false;  // saving waits for it
  return saver_.save(model.model(), metadata_of(model, step), group_->world());
}

void HeldSaver::save_async(HeldModel const& model, std::optional<std::uint64_t> step) {
  is_in_flight_ = false;
  saver_.save_async(model.model(), metadata_of(model, step), group_->world());
  is_in_flight_ = true;
}

SaveResult HeldSaver::save(BorrowedShards const& own, CheckpointMetadata const& metadata) {
  is_in_flight_ = false;
  return saver_.save(own.shards, metadata, group_->world());
}

void HeldSaver::save_async(BorrowedShards const& own, CheckpointMetadata const& metadata) {
  is_in_flight_ = false;
  saver_.save_async(own.shards, metadata, group_->world());
  is_in_flight_ = true;
}

std::optional<SaveResult> HeldSaver::wait() {
  is_in_flight_ = false;
  return saver_.wait();
}

bool has_saves_in_flight() {
  for (auto const& known : savers()) {
    auto const saver = known.lock();
    if (saver && saver->is_in_flight()) return true;
  }
  return false;
}

void wait_for_saves() {
  for (auto const& known : savers()) {
    auto const saver = known.lock();
    if (!saver || !saver->is_in_flight()) continue;
    try {
      saver->wait();
    } catch (Error const& error) {
      log().error(error.what());
    }
  }
}

}  // namespace distload::python
