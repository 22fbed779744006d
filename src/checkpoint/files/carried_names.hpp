/// Which of the files beside a model's tensors go with it from checkpoint to checkpoint, by their names.
#pragma once

#include <string>
#include <string_view>

namespace distload {

/// True if a file may have that name in a checkpoint: at most one folder deep, of 255 bytes at most, UTF-8 without
/// control characters, and no way out of the directory.
bool is_carried_name(std::string const& name);

/// True for files that distload makes itself for every checkpoint, so that they cannot be taken from elsewhere.
bool is_made_by_saving(std::string_view name);

/// True if the file goes along unless told otherwise: what transformers and the engines open beside the tensors.
bool is_carried_by_default(std::string const& name);

/// True if files in the folder of that name may go along.
bool is_carried_folder(std::string const& name);

}  // namespace distload
