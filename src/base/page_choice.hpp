/// PageChoice: chooses between small and huge pages by the time that their first accesses take.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>

#include <distload/base/bytes.hpp>
#include <distload/base/choices.hpp>

#include "base/host_memory.hpp"

namespace distload {

/// Seconds per byte of first accesses to pages of each size; 0 if unknown.
struct PageCosts {
  double small = 0;
  double huge = 0;

  friend bool operator==(PageCosts const&, PageCosts const&) = default;
};

/// Which pages are faster depends on the machine and on its free memory: on most machines huge pages are, because one
/// access gives 2 MiB. On a virtual machine whose host takes back free memory, a huge page is memory that the host must
/// provide again, whereas small pages come from blocks that are too small to be taken back.
///
/// For `auto`, the next memory gets the size whose recent cost was lower. The other size is tried again at intervals,
/// such that all trials together take a small part of the time; a trial that changes nothing doubles the interval.
/// Other settings are fixed. Thread-safe.
class PageChoice {
 public:
  explicit PageChoice(HugePageKind setting, bool has_huge_pages = has_transparent_huge_pages());

  /// For less new memory, measuring would take a noticeable part of the time.
  static constexpr Bytes kComparedBytes = 64 * kMiB;

  /// True if the choice is free and no costs are known.
  bool needs_measurement() const;
  /// Measures both sizes with two huge pages of new memory. Takes 0.5 to 10 ms.
  static PageCosts measure();
  /// Begins with costs that another process of this machine has measured.
  void set_costs(PageCosts const& costs);
  /// Measures in this process, if that is needed.
  void compare();

  /// The faster size at present.
  PageSize current() const;
  /// The size for the next piece: the faster one, or the other one as a trial.
  PageSize next();
  /// Counts memory that has been accessed for the first time. `seconds` is processor time: waiting for a core is not
  /// part of the cost, while the work of a virtual machine's host is.
  void add(PageSize size, Bytes nbytes, double seconds);

  /// What has been used since `restart_report`, for reports.
  PagesInUse in_use() const;
  void restart_report();

 private:
  struct Use {
    double cost = 0;  ///< recent seconds per byte; 0 if unknown
    Bytes nbytes = 0;
    double seconds = 0;
  };

  Use& of(PageSize size) noexcept { return size == PageSize::huge ? huge_ : small_; }
  PageSize faster() const noexcept;
  bool is_trial_due() const noexcept;

  HugePageKind setting_;
  bool has_huge_pages_;
  mutable std::mutex mutex_;
  Use small_;
  Use huge_;
  double seconds_since_trial_ = 0;
  double patience_;     ///< seconds between trials, as a multiple of what a trial is expected to cost
  bool tries_ = false;  ///< a trial is under way
};

/// The faster size for memory that is used again and again, measured at the first call in this process.
PageSize measured_page_size();

}  // namespace distload
