/// Removes what a wrapper has put in front of the names of a checkpoint's tensors.
#pragma once

#include <string>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// Removes `prefix` from the tensors' names that begin with it. An empty prefix changes nothing.
/// @throws ConfigError  no name begins with it, or two tensors would have the same name, or one none; names them.
void strip_prefix(Catalog& catalog, std::string const& prefix);

}  // namespace distload
