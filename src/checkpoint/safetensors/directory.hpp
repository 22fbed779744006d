/// safetensors as a source: a file, or a Hugging Face directory with one or several files.
#pragma once

#include <string>

#include <distload/checkpoint/catalog.hpp>
#include <distload/checkpoint/checkpoint.hpp>

namespace distload {

/// True if `path` is a directory with `model.safetensors` or its index, a file named *.safetensors, or an index.
bool is_safetensors(std::string const& path);

/// The validated catalog of a file, an index, or a directory, of which `find_shards` chooses the files. It has no
/// checksums, since the format has none. Tensors that an index does not list are ignored with a warning. A warning also
/// names files with headers alone: cut short, or with holes instead of data.
///
/// @throws NoValidCheckpoint  a file is missing, is no safetensors file, or there are no tensors; without an index: two
///                            files hold the same tensor.
/// @throws CorruptData        a header is wrong, or index and files contradict each other.
/// @throws IoError            the system refuses to read.
Catalog read_safetensors_catalog(std::string const& path, CutShort cut_short = CutShort::refuse);

}  // namespace distload
