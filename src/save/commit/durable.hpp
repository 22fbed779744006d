/// What makes files outlive a crash of the machine, and what removes incomplete ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "parallel/liveness/abort_action.hpp"

namespace distload {

/// @throws IoError "WHAT PATH failed: ...", with the reason that the system has just given.
[[noreturn]] void throw_failed(std::string const& what, std::string const& path);

/// Returns when the file's bytes, as far as this machine has written them, are on storage.
/// @throws IoError  the system refuses.
void sync_file(std::string const& path);

/// Returns when the names in the directory are on storage.
/// @throws IoError  the system refuses.
void sync_directory(std::string const& path);

/// Gives a file, which is on storage, another name, in place of what has that name, and returns when the name is on
/// storage as well. Precondition: what is replaced is distload's.
/// @throws IoError  the system refuses.
void rename_durably(std::string const& from, std::string const& to);

/// A file, or a directory with what distload has put there, that goes with the object unless it is kept.
class TemporaryFile {
 public:
  /// It has been created by this process.
  explicit TemporaryFile(std::string path);
  ~TemporaryFile();
  TemporaryFile(TemporaryFile const&) = delete;
  TemporaryFile& operator=(TemporaryFile const&) = delete;

  /// Shows others that it is being written, until this object or the process ends; by a lock on it, or on a file in it.
  /// Some file systems have no locks.
  void mark_as_in_use();

  /// It is about to get its name: a job that is ended from outside removes it no more. Until then it does.
  void settle() { on_job_end_.reset(); }

  void keep() noexcept { path_.clear(); }

 private:
  std::string path_;
  std::optional<AbortAction> on_job_end_;
  int lock_ = -1;
};

/// Whether a process is writing a file, or one in a directory, as far as the file system knows.
enum class Use : std::uint8_t { unused, in_use, unknown };
Use use_of(std::string const& path);

}  // namespace distload
