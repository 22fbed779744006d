// A list of actions; its lock is never released once the actions run.
#include "parallel/liveness/abort_action.hpp"

#include <map>
#include <mutex>
#include <utility>

namespace distload {
namespace {

struct Acts {
  std::recursive_mutex mutex;  // recursive: an action may call run_abort_actions again on the same thread
  std::map<AbortAction const*, std::function<void()>> of;
};

/// Never destroyed: the process may end while static objects are destroyed.
Acts& acts() {
  static auto* const of_process = new Acts;
  return *of_process;
}

}  // namespace

AbortAction::AbortAction(std::function<void()> act) {
  std::lock_guard const lock(acts().mutex);
  acts().of.emplace(this, std::move(act));
}

AbortAction::~AbortAction() {
  std::lock_guard const lock(acts().mutex);
  acts().of.erase(this);
}

void run_abort_actions() noexcept {
  // Never unlocked: a thread that removes an action must not continue while the actions run.
  acts().mutex.lock();
  for (auto const& [owner, act] : std::exchange(acts().of, {})) {
    try {
      act();
    } catch (...) {  // the next action runs; the job ends for the original reason
    }
  }
}

}  // namespace distload
