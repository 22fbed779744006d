/// Selects, by name, the files beside a model's tensors that are copied from checkpoint to checkpoint ("carried
/// files").
#pragma once

#include <string>
#include <string_view>

namespace distload {

/// True if a carried file may have that name: at most one folder deep, at most 255 bytes, UTF-8 without control
/// characters, and inside the directory.
bool is_carried_name(std::string const& name);

/// True for files that every save creates; they cannot be carried.
bool is_made_by_saving(std::string_view name);

/// True if the file is carried by default: files that transformers and inference engines open beside the tensors.
bool is_carried_by_default(std::string const& name);

/// True if files in the folder of that name may be carried.
bool is_carried_folder(std::string const& name);

}  // namespace distload
