/// Chooses which files of a checkpoint are carried with its model.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <distload/checkpoint/carried_file.hpp>

namespace distload {

/// Most bytes of all files that are carried by default.
inline constexpr Bytes kMostBytesByDefault = 256 * kMiB;

/// Most bytes of all files that can be carried; they are held in memory.
inline constexpr Bytes kMostCarriedBytes = 2 * kGiB;

/// Pure: the files that a save carries: the default ones, or those listed in `names`. The list may contain config.json,
/// which is not returned, since every save writes it.
/// @throws ConfigError  a name matches no file, or a file that saving creates; or the files exceed
///                      kMostBytesByDefault, or kMostCarriedBytes if listed. Names all of them.
std::vector<CarriedFile> choose_files(std::span<CarriedFile const> files,
                                      std::optional<std::vector<std::string>> const& names);

/// The sum of the files' sizes.
Bytes bytes_of(std::span<CarriedFile const> files) noexcept;

}  // namespace distload
