/// foreign_content: finds content that distload has not written; the check before anything is replaced or removed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/file_identity.hpp>

namespace distload {

enum class Stage : std::uint8_t {
  finished,    ///< a checkpoint, valid or damaged
  unfinished,  ///< left in any state by a writer that did not finish
};

/// Local: the parts of the file or directory `path` that distload has not written or that were changed since; each with
/// its path and the reason. Empty if distload has written all of it, or `path` does not exist.
///
/// A checkpoint file is distload's if it begins with the signature and format of its files and, once finished, its
/// stamp shows no later change. In a directory, distload's are the files that its manifest lists and that still match
/// the manifest; without a manifest, the files of a safetensors model. Symbolic links are foreign.
std::vector<std::string> foreign_content(std::string const& path, Stage stage);

/// "a, b, c and 4 more"
std::string list_some(std::vector<std::string> const& items);

/// Local: removes a file or directory, unless it has foreign content: then it keeps it and logs the reason as a
/// warning. Removes the manifest last, so that the remaining files are still listed after a crash.
void remove_unless_foreign(std::string const& path, Stage stage);

/// Local: true if `path`, or an entry below it, is one of `identities`, which are sorted.
bool holds_one_of(std::string const& path, std::span<FileIdentity const> identities);

/// Local: size of the file, or of all files below the directory.
Bytes bytes_of(std::string const& path);

}  // namespace distload
