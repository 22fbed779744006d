// Rank 0 creates the files, so rank 0 checks whether it can.
#include "app/prepare.hpp"

#include <string>
#include <vector>

#include <distload/base/error.hpp>

#include "base/log.hpp"
#include "base/result_file.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {
namespace {

/// Collects errors of storage.
class Refusals {
 public:
  template <class Check>
  void collect(std::string const& key, Check const& check) {
    try {
      check();
    } catch (IoError const& error) {
      found_.push_back(key + error.what());
    } catch (ConfigError const& error) {
      throw ConfigError(key + error.what());
    }
  }

  bool empty() const noexcept { return found_.empty(); }

  std::string text() const {
    if (found_.size() == 1) return found_.front();
    std::string text = "nothing is loaded, because storage would refuse the results:";
    for (auto const& refusal : found_) text += "\n  " + refusal;
    return text;
  }

 private:
  std::vector<std::string> found_;
};

Refusals refusals_of_storage(Config const& config, OpenedCheckpoint const& checkpoint, Saver* saver, bool dry_run) {
  Refusals refusals;
  auto const check_file = [&](std::string const& key, std::string const& path) {
    if (path.empty()) return;
    refusals.collect(key + ": ",
                     [&] { check_result_file(path, dry_run ? Probe::check_permissions : Probe::create_file); });
  };
  // A dry run writes its report, or says why it cannot.
  if (!dry_run) check_file("report.json", config.report.json);
  check_file("report.trace", config.report.trace);
  if (saver != nullptr) {
    refusals.collect("save.directory: ", [&] { saver->check_directory(/*may_touch=*/!dry_run); });
    refusals.collect("", [&] { saver->check_space(checkpoint, config.load.dtype); });
    if (!dry_run) refusals.collect("save.files: ", [&] { saver->keep_files(checkpoint.catalog.metadata); });
  }
  return refusals;
}

}  // namespace

void check_destinations(Config const& config, OpenedCheckpoint const& checkpoint, Saver* saver, Communicator& world,
                        bool dry_run) {
  all_or_throw(world, "save_check", [&] {
    if (saver != nullptr) saver->check(checkpoint.catalog, checkpoint.layout);
    if (world.rank() != 0) return;
    auto const refusals = refusals_of_storage(config, checkpoint, saver, dry_run);
    if (refusals.empty()) return;
    if (!dry_run) throw IoError(refusals.text());
    log().warn(refusals.text());
  });
}

}  // namespace distload
