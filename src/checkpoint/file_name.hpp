/// The names of checkpoint files and directories.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace distload {

/// "model-step-12.h5"
std::string checkpoint_file_name(std::uint64_t step);

/// The step in such a name; nothing for other names.
std::optional<std::uint64_t> step_of_file_name(std::string_view name);

/// "model-step-12", the directory of a safetensors checkpoint.
std::string checkpoint_directory_name(std::uint64_t step);

/// The step in such a name; nothing for other names.
std::optional<std::uint64_t> step_of_directory_name(std::string_view name);

/// The step in the name of a file or a directory; nothing for other names.
std::optional<std::uint64_t> step_of_name(std::string_view name);

/// The temporary name of a directory that is being replaced: "model-step-12.replaced".
std::string replaced_name(std::string const& path);

/// The original name for such a name; nothing for other names.
std::optional<std::string> replaced_by(std::string_view replaced);

/// The name of a file or directory that is being written: "model-step-12.h5.partial".
std::string temporary_name(std::string const& path);

/// The final name for such a name; nothing for other names.
std::optional<std::string> final_name(std::string_view temporary);

}  // namespace distload
