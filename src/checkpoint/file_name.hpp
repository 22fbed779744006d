/// The names of checkpoint files.
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

/// The name of a file that is being written: "model-step-12.h5.partial".
std::string temporary_name(std::string const& path);

/// The final name of such a file, or nothing if it is another name.
std::optional<std::string> final_name(std::string_view temporary);

}  // namespace distload
