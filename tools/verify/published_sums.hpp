/// A list of published SHA-256 sums, in the format of `sha256sum`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace distload {

struct PublishedSum {
  std::string name;    ///< file name relative to the model's directory
  std::string sha256;  ///< 64 hex digits in lower case
};

/// Parses lines of a sum, a space, a space or an asterisk, and a name; after a backslash, a name with the escapes `\n`
/// and `\\`. Ignores empty lines and lines that begin with #. A file listed twice with the same sum counts once.
/// @param path  name of the text in messages
/// @throws CorruptData  a line has another form, or a file has two sums; names the line.
std::vector<PublishedSum> parse_manifest(std::string_view text, std::string const& path);

/// True if `name`, relative to a directory, cannot leave the directory: it is relative and has no "..".
bool stays_inside(std::string_view name);

}  // namespace distload
