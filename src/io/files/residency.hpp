/// resident_share: the fraction of a checkpoint that is in this node's page cache.
#pragma once

#include <optional>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// The fraction of the files' pages that are in memory, from some hundred samples spread evenly; takes one or two
/// milliseconds. Nothing if it is not known: the system reports it only to owners of a file and those who may write it,
/// and the address space may not suffice for all files (RLIMIT_AS).
std::optional<double> resident_share(Catalog const& catalog);

}  // namespace distload
