/// Makes files durable, and removes incomplete ones.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "parallel/liveness/abort_action.hpp"

namespace distload {

/// @throws IoError "WHAT PATH failed: ...", with the message for errno.
[[noreturn]] void throw_failed(std::string const& what, std::string const& path);

/// Returns when the bytes of the file that this machine has written are on storage.
/// @throws IoError  the system refuses.
void sync_file(std::string const& path);

/// Returns when the directory's entries are on storage.
/// @throws IoError  the system refuses.
void sync_directory(std::string const& path);

/// Atomically renames a file that is on storage over an existing one of distload; returns when the rename is on
/// storage.
/// @throws IoError  the system refuses.
void rename_durably(std::string const& from, std::string const& to);

/// A temporary file, or a directory with files of this program, that the destructor removes unless it is kept. If the
/// job is aborted, the message says what became of it.
class TemporaryFile {
 public:
  /// This process has created `path`.
  explicit TemporaryFile(std::string path);
  ~TemporaryFile();
  TemporaryFile(TemporaryFile const&) = delete;
  TemporaryFile& operator=(TemporaryFile const&) = delete;

  /// Marks it as being written, until this object is destroyed or the process ends, by a lock on the file or on a file
  /// in the directory. Some file systems have no locks.
  void mark_as_in_use();

  /// Called before the final rename: from now on it is not removed if the job is aborted, which waits shortly for the
  /// rename.
  void settle();

  /// Called after the final rename.
  void keep() noexcept;

 private:
  std::string path_;
  std::shared_ptr<std::atomic<bool>> has_final_name_;  ///< shared with the action
  AbortAction on_job_end_;
  int lock_ = -1;
};

/// Whether a process is writing a file, or a file in a directory, according to the file system.
enum class Use : std::uint8_t { unused, in_use, unknown };
Use use_of(std::string const& path);

}  // namespace distload
