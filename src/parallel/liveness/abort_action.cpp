// A list behind a lock that is not given back in the end.
#include "parallel/liveness/abort_action.hpp"

#include <map>
#include <mutex>
#include <utility>

namespace distload {
namespace {

struct Acts {
  std::recursive_mutex mutex;  // the thread that performs may come by a second time on its way to the end
  std::map<AbortAction const*, std::function<void()>> of;
};

/// Never destroyed: the process may end while static objects go.
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
  // Not unlocked: a thread that is about to remove an action must not go on while the action runs.
  acts().mutex.lock();
  for (auto const& [owner, act] : std::exchange(acts().of, {})) {
    try {
      act();
    } catch (...) {  // NOLINT(bugprone-empty-catch): the others' turn; the job has its own reason to end
    }
  }
}

}  // namespace distload
