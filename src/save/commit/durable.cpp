// fsync and locks, checked.
#include "save/commit/durable.hpp"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <distload/base/error.hpp>

#include "base/descriptor.hpp"
#include "base/system.hpp"
#include "checkpoint/file_name.hpp"
#include "save/commit/file_space.hpp"
#include "save/commit/foreign_content.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

/// The file whose lock shows that `path` is in use; empty if there is none.
std::string locked_file(std::string const& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return path;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".safetensors") return entry->path();
  }
  return {};
}

/// Removes from a directory only files of this program.
void remove_unfinished(std::string const& path) {
  std::error_code ignored;
  if (fs::is_directory(fs::symlink_status(path, ignored))) return remove_unless_foreign(path, Stage::unfinished);
  fs::remove(path, ignored);
}

/// So long the end of the job waits for the final rename.
constexpr std::chrono::milliseconds kWaitForRename{300};
constexpr std::chrono::milliseconds kBetweenRenameLooks{5};

/// "the save of out/model-step-5.h5", for its temporary name.
std::string save_of(std::string const& temporary) { return "the save of " + final_name(temporary).value_or(temporary); }

std::string withdraw(std::string const& temporary, std::atomic<bool> const& has_final_name) {
  if (has_final_name) return save_of(temporary) + " is finished";
  remove_unfinished(temporary);
  std::error_code error;
  auto const is_left = fs::exists(fs::symlink_status(temporary, error));
  return save_of(temporary) + " is withdrawn" + (is_left ? "; " + temporary + " could not be removed" : "");
}

std::string await_rename(std::string const& temporary, std::atomic<bool> const& has_final_name) {
  auto const end = std::chrono::steady_clock::now() + kWaitForRename;
  while (!has_final_name && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(kBetweenRenameLooks);
  if (has_final_name) return save_of(temporary) + " is finished";
  return save_of(temporary) + " is complete, but its last step was cut short: it may still be named " + temporary;
}

struct flock whole_file() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

void throw_failed(std::string const& what, std::string const& path) {
  throw IoError(what + " " + path + " failed: " + system_reason());
}

void sync_file(std::string const& path) {
  Descriptor const file(path, O_RDONLY);
  if (file.get() < 0 || ::fsync(file.get()) != 0) throw_failed("writing to storage", path);
}

void sync_directory(std::string const& path) {
  Descriptor const directory(path, O_RDONLY | O_DIRECTORY);
  if (directory.get() < 0) throw_failed("opening", path);
  // Some network file systems cannot sync a directory; names there cannot be made more durable.
  if (::fsync(directory.get()) != 0 && errno != EINVAL) throw_failed("writing to storage", path);
}

void rename_durably(std::string const& from, std::string const& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) throw_failed("renaming " + from + " to", to);
  sync_directory(folder_of(to));
}

TemporaryFile::TemporaryFile(std::string path)
    : path_(std::move(path)),
      has_final_name_(std::make_shared<std::atomic<bool>>(false)),
      on_job_end_([path = path_, named = has_final_name_] { return withdraw(path, *named); }) {}

TemporaryFile::~TemporaryFile() {
  if (!path_.empty()) remove_unfinished(path_);
  if (lock_ >= 0) ::close(lock_);
}

void TemporaryFile::settle() {
  on_job_end_.replace([path = path_, named = has_final_name_] { return await_rename(path, *named); });
}

void TemporaryFile::keep() noexcept {
  *has_final_name_ = true;
  path_.clear();
}

void TemporaryFile::mark_as_in_use() {
  Descriptor file(locked_file(path_), O_RDWR);
  auto lock = whole_file();
  if (file.get() >= 0 && fcntl(file.get(), F_OFD_SETLK, &lock) == 0) lock_ = file.release();
}

Use use_of(std::string const& path) {
  auto const file = locked_file(path);
  Descriptor const descriptor(file, O_RDWR);
  if (descriptor.get() < 0) return file.empty() || errno == ENOENT ? Use::unused : Use::unknown;
  auto lock = whole_file();
  if (fcntl(descriptor.get(), F_OFD_GETLK, &lock) != 0) return Use::unknown;
  return lock.l_type == F_UNLCK ? Use::unused : Use::in_use;
}

}  // namespace distload
