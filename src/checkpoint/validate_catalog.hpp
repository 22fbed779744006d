/// validate: whether a catalog keeps what every source promises.
#pragma once

#include <optional>
#include <string>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// Checks what every source promises: names unique and harmless, sizes without overflow, extents inside their file,
/// disjoint in the file and in the tensor, covering the tensor, checksums complete. Sorts nothing, changes nothing.
/// @throws CorruptData naming file, tensor and what is wrong.
void validate(Catalog const& catalog);

/// Why a tensor cannot have that name; nothing if it can.
std::optional<std::string> why_no_name(std::string const& name);

}  // namespace distload
