/// source_identities: the files and directories that a checkpoint consists of, for code that must not touch them.
#pragma once

#include <vector>

#include <distload/base/file_identity.hpp>
#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// Local: of all files of the catalog, and of the directory that they make up; what is not there is left out. Sorted.
std::vector<FileIdentity> source_identities(Catalog const& catalog);

}  // namespace distload
