/// The names of checkpoint files and directories.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace distload {

/// "model-step-12.h5"
std::string checkpoint_file_name(std::uint64_t step);

/// The step in such a name, or nothing if it is another name.
std::optional<std::uint64_t> step_of_file_name(std::string_view name);

/// "model-step-12", the directory of a checkpoint in safetensors.
std::string checkpoint_directory_name(std::uint64_t step);

/// The step in such a name, or nothing if it is another name.
std::optional<std::uint64_t> step_of_directory_name(std::string_view name);

/// The name that a directory has while another one takes its place: "model-step-12.replaced".
std::string replaced_name(std::string const& path);

/// The name that a directory will have again, of such a name; or nothing if it is another name.
std::optional<std::string> replaced_by(std::string_view replaced);

/// The name of a file or directory that is being written: "model-step-12.h5.partial".
std::string temporary_name(std::string const& path);

/// The final name of such a file or directory, or nothing if it is another name.
std::optional<std::string> final_name(std::string_view temporary);

}  // namespace distload
