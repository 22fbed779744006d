/// A list of published SHA-256 sums, in the form that `sha256sum` writes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace distload {

struct PublishedSum {
  std::string name;    ///< of a file, relative to the model's directory
  std::string sha256;  ///< 64 hex digits in lower case
};

/// A line is a sum, a space, a space or an asterisk, and a name; behind a backslash, a name with `\n` and `\\`. Empty
/// lines and lines that begin with # are passed over. A file listed twice alike counts once.
/// @param path  for messages
/// @throws CorruptData  a line is something else, or a file has two sums; names the line.
std::vector<PublishedSum> parse_manifest(std::string_view text, std::string const& path);

/// True if `name` cannot lead out of the directory that it is looked up in: relative, and without "..".
bool stays_inside(std::string_view name);

}  // namespace distload
