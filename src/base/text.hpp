/// printable: how anything that comes from outside (names, paths, values) goes into a message, a log, a table or a
/// list.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace distload {

/// Characters of one name that a message shows.
inline constexpr std::size_t kShownCharacters = 200;

/// `text` on one line, harmless for terminals and valid UTF-8: control characters, line ends, characters that turn the
/// direction of writing, and bytes that are no UTF-8 become \n, \r, \t or \xNN (each byte by itself). What is longer
/// than `most` characters is cut there and ends in "...".
std::string printable(std::string_view text, std::size_t most = kShownCharacters);

/// The same for a text of several lines, such as a whole message: line ends stay, and nothing is cut.
std::string printable_lines(std::string_view text);

/// How many bytes the UTF-8 character has that `text` begins with; 0 if it begins with none. Precondition: not empty.
std::size_t utf8_length(std::string_view text) noexcept;

}  // namespace distload
