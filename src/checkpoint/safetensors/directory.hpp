/// safetensors as a source: one file, or a Hugging Face directory of one or several.
#pragma once

#include <string>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// True if `path` is a directory with `model.safetensors` or an index of several files, or a file named *.safetensors.
bool is_safetensors(std::string const& path);

/// The validated catalog, without checksums, since the format has none.
///
/// @throws NoValidCheckpoint  a file is not there.
/// @throws CorruptData        a header is wrong, or index and files contradict each other.
/// @throws IoError            the system refused.
Catalog read_safetensors_catalog(std::string const& path);

}  // namespace distload
