// Renames such that a crash or an error loses no checkpoint.
#include "save/commit/publish.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include <distload/base/error.hpp>

#include "base/fault.hpp"
#include "base/log.hpp"
#include "checkpoint/file_name.hpp"
#include "save/commit/durable.hpp"
#include "save/commit/file_space.hpp"
#include "save/commit/foreign_content.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

bool is_not_supported(int error) { return error == EINVAL || error == ENOSYS || error == ENOTSUP; }

void rename(std::string const& from, std::string const& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) throw_failed("renaming " + from + " to", to);
}

/// False if the file system does not support it.
bool exchange(std::string const& from, std::string const& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0) return true;
  if (!is_not_supported(errno)) throw_failed("exchanging " + from + " and", to);
  return false;
}

/// False if `to` exists; it is unchanged then.
bool rename_to_free_name(std::string const& from, std::string const& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno == EEXIST) return false;
  if (!is_not_supported(errno)) throw_failed("renaming " + from + " to", to);
  std::error_code error;
  if (fs::exists(fs::symlink_status(to, error))) return false;
  if (!fs::is_directory(from, error)) {
    // Files: link fails if the new name exists; the old name is removed afterwards.
    if (::link(from.c_str(), to.c_str()) == 0) {
      if (::unlink(from.c_str()) != 0) throw_failed("removing", from);
      return true;
    }
    if (errno == EEXIST) return false;
    if (!is_not_supported(errno) && errno != EPERM) throw_failed("linking " + from + " to", to);
  }
  // Renaming a directory fails unless `to` is missing or an empty directory.
  rename(from, to);
  return true;
}

/// Reverts a rename that could not be synced to storage, and rethrows.
template <class Undo>
void sync_or_undo(std::string const& directory, Undo const& undo) {
  try {
    fault_point("save_sync_directory");
    sync_directory(directory);
  } catch (IoError const&) {
    undo();
    throw;
  }
}

/// Removes a checkpoint of this program. Makes a directory invalid as a checkpoint before removing its files: a crash
/// in between would otherwise leave an incomplete one.
void remove_replaced(Occupant const& replaced, std::string const& now_at) {
  fault_point("save_remove");
  if (replaced.is_directory) return remove_unless_foreign(now_at, Stage::finished);
  std::error_code error;
  fs::remove(now_at, error);
  if (error) log().warn("{} cannot be removed: {}", now_at, error.message());
}

void remove_of_same_step(Occupant const& other) {
  auto const is_left_over = replaced_by(fs::path(other.path).filename().string()).has_value();
  auto const aside = temporary_name(other.path);
  auto const was_renamed = other.is_directory && !is_left_over && rename_to_free_name(other.path, aside);
  remove_replaced(other, was_renamed ? aside : other.path);
}

/// Exchanges the names; reverts the exchange if the old entry is not the one that was checked.
bool exchange_with(std::string const& from, std::string const& to, Occupant const& old, std::string const& folder) {
  if (!exchange(from, to)) return false;
  auto const foreign = old.is_directory ? foreign_content(from, Stage::finished) : std::vector<std::string>{};
  if (!occupant_at(from).is_same(old) || !foreign.empty()) {
    exchange(from, to);
    throw ConfigError(to + " was changed while this was being saved, and is not replaced");
  }
  sync_or_undo(folder, [&] { exchange(from, to); });
  return true;
}

/// Used if the file system cannot exchange names.
void replace_in_two_renames(std::string const& from, std::string const& to, Occupant const& old,
                            std::string const& folder) {
  if (!old.is_directory) {
    rename(from, to);
    return sync_or_undo(folder, [] {});
  }
  auto const aside = replaced_name(to);
  remove_unless_foreign(aside, Stage::finished);
  if (!rename_to_free_name(to, aside)) throw IoError(aside + " is in the way of replacing " + to);
  try {
    if (!rename_to_free_name(from, to)) throw IoError(to + " has come while this was being saved");
  } catch (Error const&) {
    rename(aside, to);
    throw;
  }
  sync_or_undo(folder, [&] {
    rename(to, from);
    rename(aside, to);
  });
  remove_replaced(old, aside);
}

}  // namespace

void publish(std::string const& from, std::string const& to, Replacement const& may,
             std::vector<Occupant> const& checked) {
  auto const folder = folder_of(to);
  fault_point("save_rename");
  check_target_again(to, may, checked);
  auto const occupants = occupants_of(to);
  auto const name = fs::path(to).filename();
  auto const has_name = [&](Occupant const& occupant) { return fs::path(occupant.path).filename() == name; };
  auto const old = std::ranges::find_if(occupants, has_name);
  if (old == occupants.end()) {
    if (!rename_to_free_name(from, to))
      throw ConfigError(to + " has come while this was being saved, and is not replaced");
    sync_or_undo(folder, [&] { rename(to, from); });
  } else if (exchange_with(from, to, *old, folder)) {
    remove_replaced(*old, from);
  } else {
    replace_in_two_renames(from, to, *old, folder);
  }
  for (auto const& other : occupants) {
    if (!has_name(other) && fs::exists(fs::symlink_status(other.path))) remove_of_same_step(other);
  }
}

}  // namespace distload
