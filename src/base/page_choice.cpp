// Compares recent costs, and bounds what trials cost.
#include "base/page_choice.hpp"

#include <algorithm>
#include <string>

#include <fmt/core.h>

#include "base/thread_seconds.hpp"

namespace distload {
namespace {

/// Weight of the newest piece in the recent cost.
constexpr double kNewest = 0.25;
/// The other size must be cheaper by this factor to be chosen, so that noise does not change the choice.
constexpr double kClearlyCheaper = 0.9;
/// The first trial takes one part in this many of the time of first accesses until then. Later ones that change nothing
/// take half as much each time; the measurement before the first access, of one page, may have been an exception.
constexpr double kFirstPatience = 16;
/// Pieces between trials at least: trials of a size that costs about the same are cheap but have no use.
constexpr double kPiecesBetweenTrials = 32;

double measured_cost(PageSize size) {
  HostMemory const memory(kHugePageBytes, size);
  auto const start = thread_seconds();
  if (!populate_pages({memory.data(), kHugePageBytes})) return 0;
  return (thread_seconds() - start) / static_cast<double>(kHugePageBytes);
}

std::string rate_of(double seconds_per_byte) { return format_bytes(static_cast<Bytes>(1 / seconds_per_byte)) + "/s"; }

}  // namespace

PageChoice::PageChoice(HugePageKind setting, bool has_huge_pages)
    : setting_(setting), has_huge_pages_(has_huge_pages), patience_(kFirstPatience) {}

bool PageChoice::needs_measurement() const {
  std::lock_guard const lock(mutex_);
  return setting_ == HugePageKind::automatic && has_huge_pages_ && small_.cost == 0 && huge_.cost == 0;
}

PageCosts PageChoice::measure() {
  return {.small = measured_cost(PageSize::small), .huge = measured_cost(PageSize::huge)};
}

void PageChoice::set_costs(PageCosts const& costs) {
  std::lock_guard const lock(mutex_);
  small_.cost = costs.small;
  huge_.cost = costs.huge;
}

void PageChoice::compare() {
  if (needs_measurement()) set_costs(measure());
}

PageSize PageChoice::faster() const noexcept {
  switch (setting_) {
    case HugePageKind::reserved: return PageSize::reserved;
    case HugePageKind::off: return PageSize::small;
    case HugePageKind::transparent: return PageSize::huge;
    case HugePageKind::automatic: break;
  }
  if (!has_huge_pages_ || huge_.cost == 0) return PageSize::small;
  return huge_.cost < kClearlyCheaper * small_.cost ? PageSize::huge : PageSize::small;
}

bool PageChoice::is_trial_due() const noexcept {
  if (setting_ != HugePageKind::automatic || !has_huge_pages_ || small_.cost == 0 || huge_.cost == 0 || tries_)
    return false;
  auto const [cheap, expensive] = std::minmax(small_.cost, huge_.cost);
  auto const piece = static_cast<double>(kHugePageBytes);
  auto const trial_seconds = (expensive - cheap) * piece;
  return seconds_since_trial_ > std::max(patience_ * trial_seconds, kPiecesBetweenTrials * cheap * piece);
}

PageSize PageChoice::current() const {
  std::lock_guard const lock(mutex_);
  return faster();
}

PageSize PageChoice::next() {
  std::lock_guard const lock(mutex_);
  auto const size = faster();
  if (!is_trial_due()) return size;
  tries_ = true;
  return size == PageSize::huge ? PageSize::small : PageSize::huge;
}

void PageChoice::add(PageSize size, Bytes nbytes, double seconds) {
  if (nbytes == 0) return;
  std::lock_guard const lock(mutex_);
  auto const before = faster();
  auto& use = of(size);
  use.nbytes += nbytes;
  use.seconds += seconds;
  auto const cost = seconds / static_cast<double>(nbytes);
  bool const was_trial = tries_ && size != before;
  // The last cost of a size that is rarely used says little.
  use.cost = use.cost == 0 || was_trial ? cost : (1 - kNewest) * use.cost + kNewest * cost;
  seconds_since_trial_ += seconds;
  if (!was_trial) return;
  tries_ = false;
  seconds_since_trial_ = 0;
  patience_ = faster() == before ? 2 * patience_ : kFirstPatience;
}

void PageChoice::restart_report() {
  std::lock_guard const lock(mutex_);
  for (auto* const use : {&small_, &huge_}) {
    use->nbytes = 0;
    use->seconds = 0;
  }
}

PagesInUse PageChoice::in_use() const {
  std::lock_guard const lock(mutex_);
  PagesInUse pages;
  auto const seconds = small_.seconds + huge_.seconds;
  if (seconds > 0) pages.bytes_per_second = static_cast<double>(small_.nbytes + huge_.nbytes) / seconds;
  if (setting_ != HugePageKind::automatic) {
    pages.kind = setting_;
    pages.reason = "configured";
    return pages;
  }
  pages.kind = huge_.nbytes > small_.nbytes ? HugePageKind::transparent : HugePageKind::off;
  if (!has_huge_pages_) {
    pages.reason = "the system has no transparent huge pages";
  } else if (small_.cost == 0 || huge_.cost == 0) {
    pages.reason = "too little memory to compare both";
  } else {
    pages.reason = fmt::format("first accesses: {} with small pages, {} with huge pages", rate_of(small_.cost),
                               rate_of(huge_.cost));
  }
  return pages;
}

PageSize measured_page_size() {
  static PageSize const size = [] {
    PageChoice choice(HugePageKind::automatic);
    choice.compare();
    return choice.current();
  }();
  return size;
}

}  // namespace distload
