/// resident_share: how much of a checkpoint is in this node's page cache.
#pragma once

#include <optional>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// The share of the files' pages that are in memory, from a sample of some hundred spread evenly over them; takes a
/// millisecond or two. Nothing if the system does not say: it keeps that from who may not write a file and does not
/// own it, or has no addresses for all of the files (RLIMIT_AS).
std::optional<double> resident_share(Catalog const& catalog);

}  // namespace distload
