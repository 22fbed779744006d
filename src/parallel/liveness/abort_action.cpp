// A list of actions; its lock is never released once the actions run.
#include "parallel/liveness/abort_action.hpp"

#include <map>
#include <mutex>
#include <utility>

namespace distload {
namespace {

struct Acts {
  std::recursive_mutex mutex;  // recursive: an action may call run_abort_actions again on the same thread
  std::map<AbortAction const*, AbortAction::Act> of;
};

/// Never destroyed: the process may end while static objects are destroyed.
Acts& acts() {
  static auto* const of_process = new Acts;
  return *of_process;
}

}  // namespace

AbortAction::AbortAction(Act act) {
  std::lock_guard const lock(acts().mutex);
  acts().of.emplace(this, std::move(act));
}

AbortAction::~AbortAction() {
  std::lock_guard const lock(acts().mutex);
  acts().of.erase(this);
}

void AbortAction::replace(Act act) {
  std::lock_guard const lock(acts().mutex);
  acts().of.insert_or_assign(this, std::move(act));
}

std::string run_abort_actions() noexcept {
  // Never unlocked: a thread that removes an action must not continue while the actions run.
  acts().mutex.lock();
  std::string outcomes;
  for (auto const& [owner, act] : std::exchange(acts().of, {})) {
    try {
      auto const outcome = act();
      if (!outcome.empty()) outcomes += (outcomes.empty() ? "" : "; ") + outcome;
    } catch (...) {  // the next action runs; the job ends for the original reason
    }
  }
  return outcomes;
}

}  // namespace distload
