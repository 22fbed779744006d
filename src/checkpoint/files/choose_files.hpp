/// Which of the files that a checkpoint has go along with its model.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <distload/checkpoint/carried_file.hpp>

namespace distload {

/// Most bytes that go along by default, of all files together.
inline constexpr Bytes kMostBytesByDefault = 256 * kMiB;

/// Most bytes that can be made to go along, of all files together: they are held in memory.
inline constexpr Bytes kMostCarriedBytes = 2 * kGiB;

/// Pure: of `files`, those that a save takes along: what goes along by default, or what `names` lists. config.json may
/// be in the list, but is none of them, since every save writes it.
/// @throws ConfigError  a name is of no file, or of one that saving makes itself; or the files have more bytes than
///                      kMostBytesByDefault, or kMostCarriedBytes if they were listed. Names all of them.
std::vector<CarriedFile> choose_files(std::span<CarriedFile const> files,
                                      std::optional<std::vector<std::string>> const& names);

/// Of all of them together.
Bytes bytes_of(std::span<CarriedFile const> files) noexcept;

}  // namespace distload
