/// safetensors as a source: a file, or a Hugging Face directory with one or several files.
#pragma once

#include <string>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// True if `path` is a directory with `model.safetensors` or an index, or a file named *.safetensors.
bool is_safetensors(std::string const& path);

/// The validated catalog. It has no checksums, since the format has none.
///
/// @throws NoValidCheckpoint  a file is missing.
/// @throws CorruptData        a header is wrong, or index and files contradict each other.
/// @throws IoError            the system refuses to read.
Catalog read_safetensors_catalog(std::string const& path);

}  // namespace distload
