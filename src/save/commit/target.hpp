/// What has the name, or the step, of a checkpoint that is to be written, and whether it may be replaced.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/file_identity.hpp>
#include "save/commit/replacement.hpp"

namespace distload {

/// Something that is in the way of a checkpoint, as it was when it was looked at.
struct Occupant {
  std::string path;
  bool is_directory = false;
  FileIdentity identity;  ///< of the name itself, links not followed
  Bytes size_bytes = 0;   ///< of a file
  std::int64_t changed_ns = 0;

  /// Whether it has been left alone; of a directory, whether it is the same one.
  bool is_same(Occupant const& other) const noexcept;
};

/// Local: what is at `path` now, whatever it is; a dangling link too.
/// @throws IoError  nothing is there, or the system refuses to say.
Occupant occupant_at(std::string const& path);

/// Local: what has the name `path`, and if that is a step's, every other checkpoint of that step beside it: in the
/// other format, with a number written otherwise, or left as `.replaced` by a crash.
std::vector<Occupant> occupants_of(std::string const& path);

/// Local, for one rank: what is there and may be replaced. Calls HDF5.
/// @throws ConfigError  something is there that may not be: it is being loaded, it holds what distload did not write,
///                      or replacing it was not asked for. Names everything, and what would help.
std::vector<Occupant> check_target(std::string const& path, Replacement const& may);

/// Local: the same just before the checkpoint gets its name, without HDF5. `checked` is what `check_target` has found.
/// @throws ConfigError  something has come or was changed since.
void check_target_again(std::string const& path, Replacement const& may, std::vector<Occupant> const& checked);

/// Local: that nothing has the temporary name of the checkpoint `path`, once what crashes have left is removed.
/// @throws IoError      another process is writing it.
/// @throws ConfigError  what is there is not distload's.
void check_temporary(std::string const& path);

}  // namespace distload
