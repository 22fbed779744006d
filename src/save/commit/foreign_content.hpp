/// foreign_content: what distload has not written, the one check before anything is replaced or removed.
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
  unfinished,  ///< what a writer that did not finish has left, in any state
};

/// Local: what of the file or directory `path` distload has not written, or that has been changed since; each with its
/// path and the reason. Empty if all of it is distload's, or nothing is there.
///
/// A checkpoint file is distload's if it begins as its files do, and its stamp does not say that it has been rewritten
/// it. Of a directory, everything is that its manifest lists and that still is as the manifest says; without one, the
/// files of a model in safetensors if nothing else is there. Symbolic links are foreign.
std::vector<std::string> foreign_content(std::string const& path, Stage stage);

/// "a, b, c and 4 more"
std::string list_some(std::vector<std::string> const& items);

/// Local: removes a file or directory, unless it has foreign content: then it stays, and a warning says why. The
/// manifest goes last, so that what a crash leaves is still known.
void remove_unless_foreign(std::string const& path, Stage stage);

/// Local: whether `path`, or something in it, is one of those files and directories, which are sorted.
bool holds_one_of(std::string const& path, std::span<FileIdentity const> identities);

/// Local: of the file, or of all files in the directory.
Bytes bytes_of(std::string const& path);

}  // namespace distload
