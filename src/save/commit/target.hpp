/// Finds what has the name, or the step, of a checkpoint to be written, and checks that it may be replaced.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/file_identity.hpp>
#include "save/commit/replacement.hpp"

namespace distload {

/// An entry that the new checkpoint would replace, in its state at the time of the check.
struct Occupant {
  std::string path;
  bool is_directory = false;
  FileIdentity identity;  ///< of the name itself; links are not followed
  Bytes size_bytes = 0;   ///< of a file
  std::int64_t changed_ns = 0;

  /// True if a file is unchanged, or a directory is the same directory.
  bool is_same(Occupant const& other) const noexcept;
};

/// Local: the entry at `path`, of any kind, including a dangling link.
/// @throws IoError  nothing exists there, or the system refuses to describe it.
Occupant occupant_at(std::string const& path);

/// Local: the entry at `path` and, if `path` is the name of a step, all other checkpoints of that step in the same
/// folder: in the other format, with the number written differently, or left as `.replaced` by a crash.
std::vector<Occupant> occupants_of(std::string const& path);

/// Local, for one rank: the existing entries, all of which may be replaced. Calls HDF5.
/// @throws ConfigError  an entry may not be replaced: it is being loaded, it contains data of others, or replacing was
///                      not requested. Names all of them and says what helps.
std::vector<Occupant> check_target(std::string const& path, Replacement const& may);

/// Local: the same directly before the final rename, without HDF5. `checked` is the result of `check_target`.
/// @throws ConfigError  an entry has been created or changed since.
void check_target_again(std::string const& path, Replacement const& may, std::vector<Occupant> const& checked);

/// Local: checks that the temporary name of the checkpoint `path` is free, after leftovers of crashes were removed.
/// @throws IoError      another process is writing it.
/// @throws ConfigError  the entry was not written by this program.
void check_temporary(std::string const& path);

}  // namespace distload
