// Reads device and inode number of every file.
#include "checkpoint/source_identities.hpp"

#include <algorithm>

namespace distload {

std::vector<FileIdentity> source_identities(Catalog const& catalog) {
  std::vector<FileIdentity> identities;
  auto const add = [&](std::string const& path) {
    if (auto const identity = identity_of(path)) identities.push_back(*identity);
  };
  add(catalog.path);
  for (auto const& file : catalog.files) add(file.path);
  for (auto const& file : catalog.metadata.files) add(file.path);
  std::ranges::sort(identities);
  return identities;
}

}  // namespace distload
