// Resolves links, writes a temporary file and renames it.
#include "base/result_file.hpp"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <distload/base/error.hpp>
#include <distload/base/file_identity.hpp>

#include "base/descriptor.hpp"
#include "base/system.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

constexpr int kMostLinks = 40;  // the limit of Linux
constexpr int kMostNames = 1000;

[[noreturn]] void refuse(std::string const& path, std::string const& reason) {
  throw IoError("cannot write " + path + ": " + reason);
}

/// What a path refers to after following links.
struct Target {
  fs::path path;
  std::optional<int> descriptor;  ///< set if the path names a descriptor of this process, as /dev/stdout does
};

std::string folder_of(fs::path const& path) {
  auto const folder = path.parent_path();
  return folder.empty() ? "." : folder.string();
}

std::optional<int> own_descriptor(fs::path const& path) {
  std::error_code error;
  if (fs::canonical(folder_of(path), error) != "/proc/" + std::to_string(getpid()) + "/fd") return std::nullopt;
  auto const name = path.filename().string();
  int number = -1;
  auto const [end, problem] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (problem != std::errc() || end != name.data() + name.size() || number < 0) return std::nullopt;
  return number;
}

Target resolve(fs::path path) {
  for (int link = 0; link < kMostLinks; ++link) {
    if (auto const number = own_descriptor(path)) return {path, number};
    std::error_code error;
    auto const next = fs::read_symlink(path, error);
    if (error) break;  // not a link, or missing
    path = next.is_absolute() ? next : path.parent_path() / next;
  }
  return {path, std::nullopt};
}

std::optional<struct stat> status_of(fs::path const& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return status;
}

/// The paths of files that are read, by what they were when reading began.
struct KeptFiles {
  std::mutex mutex;
  std::map<FileIdentity, std::string> paths;
};

KeptFiles& kept_files() {
  static KeptFiles the_files;
  return the_files;
}

/// @throws ConfigError  the file is one that is read.
void check_is_not_read(Target const& target, std::string const& path) {
  auto const identity = identity_of(target.path.string());
  auto& kept = kept_files();
  std::lock_guard const lock(kept.mutex);
  auto const found = identity ? kept.paths.find(*identity) : kept.paths.end();
  // The system gives the number of a removed file to a new one.
  if (found == kept.paths.end() || identity_of(found->second) != identity) return;
  throw ConfigError("cannot write " + path + ": it is a file of the checkpoint that is read; write elsewhere");
}

/// Creates a file with an unused name in the folder. @returns an empty descriptor, with the reason in errno, on
/// failure.
Descriptor make_file_in(std::string const& folder, std::string& name) {
  for (int number = 0;; ++number) {
    name = (fs::path(folder) / (".distload-" + std::to_string(getpid()) + "-" + std::to_string(number))).string();
    Descriptor made(name, O_WRONLY | O_CREAT | O_EXCL);
    if (made.get() >= 0 || errno != EEXIST || number == kMostNames) return made;
  }
}

void write_through(Descriptor file, std::string const& path, std::string_view text) {
  if (file.get() < 0 || !write_all(file.get(), text) || !file.close()) refuse(path, system_reason());
}

/// @returns false if no file can be created in the folder.
bool replace(Target const& target, std::optional<struct stat> const& old, std::string const& path,
             std::string_view text) {
  std::string temporary;
  auto file = make_file_in(folder_of(target.path), temporary);
  if (file.get() < 0) return false;
  auto const keep_owner_and_mode = [&] {
    // Only privileged processes can keep another user as owner.
    if (old && ::fchown(file.get(), old->st_uid, old->st_gid) != 0 && errno != EPERM) return false;
    return !old || ::fchmod(file.get(), old->st_mode & 07777U) == 0;
  };
  auto const is_complete = keep_owner_and_mode() && write_all(file.get(), text) && ::fsync(file.get()) == 0 &&
                           file.close() && std::rename(temporary.c_str(), target.path.c_str()) == 0;
  if (is_complete) return true;
  auto const reason = system_reason();
  ::unlink(temporary.c_str());
  refuse(path, reason);
}

}  // namespace

void check_folder(std::string const& folder, Probe how) {
  auto const status = status_of(folder);
  if (!status) throw IoError(errno == ENOENT ? "there is no folder " + folder : folder + ": " + system_reason());
  if (!S_ISDIR(status->st_mode)) throw IoError(folder + " is no folder");
  if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0)
    throw IoError("no file can be made in " + folder + ": " + system_reason());
  if (how == Probe::check_permissions) return;
  std::string name;
  auto const file = make_file_in(folder, name);
  if (file.get() < 0) throw IoError("no file can be made in " + folder + ": " + system_reason());
  ::unlink(name.c_str());
}

void keep_from_results(std::string const& path) {
  auto const identity = identity_of(path);
  if (!identity) return;
  auto& kept = kept_files();
  std::lock_guard const lock(kept.mutex);
  kept.paths.insert_or_assign(*identity, path);
}

void check_result_file(std::string const& path, Probe how) {
  auto const target = resolve(path);
  if (target.descriptor) {
    auto const flags = ::fcntl(*target.descriptor, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY) refuse(path, "it is closed, or not open for writing");
    return;
  }
  check_is_not_read(target, path);
  auto const status = status_of(target.path);
  if (!status) {
    if (errno != ENOENT) refuse(path, system_reason());
    try {
      return check_folder(folder_of(target.path), how);
    } catch (IoError const& error) {
      refuse(path, error.what());
    }
  }
  if (S_ISDIR(status->st_mode)) refuse(path, "it is a folder");
  // Pipes and devices are not opened: opening a named pipe waits for a reader, and opening a device can have side
  // effects.
  auto const is_writable = S_ISREG(status->st_mode) ? Descriptor(target.path.string(), O_WRONLY).get() >= 0
                                                    : ::faccessat(AT_FDCWD, target.path.c_str(), W_OK, AT_EACCESS) == 0;
  if (!is_writable) refuse(path, system_reason());
}

void write_result_file(std::string const& path, std::string_view text) {
  auto const target = resolve(path);
  if (target.descriptor) {
    if (!write_all(*target.descriptor, text)) refuse(path, system_reason());
    return;
  }
  check_is_not_read(target, path);
  auto const old = status_of(target.path);
  if ((!old || S_ISREG(old->st_mode)) && replace(target, old, path, text)) return;
  write_through(Descriptor(target.path.string(), O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY), path, text);
}

}  // namespace distload
