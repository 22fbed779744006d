/// Says what a file or directory holds that distload cannot load, and what to do about it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace distload {

/// What a Git LFS pointer is, for messages.
inline constexpr char const* kLfsPointer =
    "is a pointer of Git LFS, not the file itself: `git lfs pull` in its repository downloads the file";

/// True for the content, or its beginning, of a file that stands for one that Git LFS has not downloaded.
bool is_lfs_pointer(std::string_view content) noexcept;

/// Why `path` cannot be reached: where a dangling link leads, otherwise the system's words for `error`.
std::string why_not_reachable(std::filesystem::path const& path, std::error_code const& error);

/// True for names of files that other engines write, one for each rank: "model-rank-0-part-0.safetensors".
bool is_of_one_rank(std::string_view name);

/// What is at a path that is neither file nor directory: a dangling link, the id of a model on the Hugging Face Hub.
/// Begins with the path.
std::string what_is_not_there(std::string const& path);

/// What a file holds that is neither safetensors nor HDF5, as its beginning says, and what to do: GGUF, a pickle, a
/// Git LFS pointer, a JSON file. Begins with the path. Nothing if it could be HDF5.
std::optional<std::string> what_file_is(std::filesystem::path const& path);

/// What the file of an adapter is, and what to do. Begins with the path.
std::string what_adapter_is(std::filesystem::path const& file);

/// What a directory without a checkpoint holds, and what to do: an adapter, GGUF, pickles, files of other engines.
/// Begins with the path. Nothing if none of this.
std::optional<std::string> what_directory_holds(std::filesystem::path const& directory);

}  // namespace distload
