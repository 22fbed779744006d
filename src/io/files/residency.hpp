/// resident_share: the fraction of a checkpoint that is in this node's page cache.
#pragma once

#include <optional>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// The fraction of the files' pages that are in memory, from samples spread over them; takes one or two milliseconds.
///
/// Owners of a file and those who may write it are told by mincore. All others read one byte of some pages if that
/// needs no waiting (RWF_NOWAIT). That starts to read the pages which are not in memory, so that these are few and at
/// places that differ from call to call.
///
/// Nothing if it is not known: not all file systems have reads without waiting, and the address space may not suffice
/// for all files (RLIMIT_AS).
std::optional<double> resident_share(Catalog const& catalog);

}  // namespace distload
