/// BackgroundWork: a collective operation that goes on in a thread of its own after the call that began it.
#pragma once

#include <string>

namespace distload {

/// Registers one such operation of this process until it is destroyed, so that MPI does not end before it.
class BackgroundWork {
 public:
  /// @param name  for messages, e.g. "a save begun by Saver::save_async"
  explicit BackgroundWork(std::string name);
  ~BackgroundWork();
  BackgroundWork(BackgroundWork const&) = delete;
  BackgroundWork& operator=(BackgroundWork const&) = delete;

  /// The thread makes no more calls of MPI. From any thread.
  void end() noexcept;

  /// @throws ConfigError  one is registered: names it.
  static void check_none();
  /// Waits until all that are registered have ended.
  static void wait_for_all();

 private:
  std::string name_;
  bool has_ended_ = false;
};

}  // namespace distload
