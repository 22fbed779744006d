// A list of what is registered.
#include "parallel/background_work.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include <distload/base/error.hpp>

namespace distload {
namespace {

struct Registry {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<BackgroundWork const*> works;
};

Registry& registry() {
  static Registry one;
  return one;
}

}  // namespace

BackgroundWork::BackgroundWork(std::string name) : name_(std::move(name)) {
  std::lock_guard const lock(registry().mutex);
  registry().works.push_back(this);
}

BackgroundWork::~BackgroundWork() {
  {
    std::lock_guard const lock(registry().mutex);
    std::erase(registry().works, this);
  }
  registry().changed.notify_all();
}

void BackgroundWork::end() noexcept {
  {
    std::lock_guard const lock(registry().mutex);
    has_ended_ = true;
  }
  registry().changed.notify_all();
}

void BackgroundWork::check_none() {
  std::lock_guard const lock(registry().mutex);
  if (registry().works.empty()) return;
  throw ConfigError(registry().works.front()->name_ +
                    " is in flight: call Saver::wait, or destroy the Saver, before MPI ends");
}

void BackgroundWork::wait_for_all() {
  std::unique_lock lock(registry().mutex);
  registry().changed.wait(
      lock, [] { return std::ranges::all_of(registry().works, [](auto const* work) { return work->has_ended_; }); });
}

}  // namespace distload
