/// publish: the one place where a checkpoint gets its name and where what had it goes.
#pragma once

#include <string>
#include <vector>

#include "save/commit/replacement.hpp"

#include "save/commit/target.hpp"

namespace distload {

/// Gives a file or directory its final name and returns when that is on storage. What `checked` has found there before,
/// if it is still as it was, goes afterwards; in exchange for the new one, where the file system can exchange two
/// names. Where it cannot, a file takes the place of the old one at once, and a directory by way of `replaced_name`.
/// @throws IoError      the system refuses; then what had the name has it still, if the system allows even that.
/// @throws ConfigError  something else has the name, or what has it was changed; then it keeps it.
void publish(std::string const& from, std::string const& to, Replacement const& may,
             std::vector<Occupant> const& checked);

}  // namespace distload
