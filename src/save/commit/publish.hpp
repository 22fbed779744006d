/// publish: renames a checkpoint to its final name and removes what it replaces.
#pragma once

#include <string>
#include <vector>

#include "save/commit/replacement.hpp"

#include "save/commit/target.hpp"

namespace distload {

/// Renames a file or directory to its final name; the rename is on storage on return. Then removes what `checked` found
/// there, if that is unchanged. Exchanges the two names if the file system can. If not, a file atomically replaces the
/// old one, and a directory is first renamed to `replaced_name`.
/// @throws IoError      the system refuses; the old entry keeps its name, unless restoring it fails too.
/// @throws ConfigError  the name belongs to something else, or its owner was changed; it is unchanged then.
void publish(std::string const& from, std::string const& to, Replacement const& may,
             std::vector<Occupant> const& checked);

}  // namespace distload
