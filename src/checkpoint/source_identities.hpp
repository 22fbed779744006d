/// source_identities: the files and directories of a checkpoint, for code that must not change them.
#pragma once

#include <vector>

#include <distload/base/file_identity.hpp>
#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// Local: the identities of the catalog's files and of their directory, sorted; skips missing files.
std::vector<FileIdentity> source_identities(Catalog const& catalog);

}  // namespace distload
