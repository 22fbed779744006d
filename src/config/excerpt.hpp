/// Showing input in messages: the input may be hostile, a message must stay readable and must not steer the terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace distload {

/// `text` with control characters replaced by '?', cut to about 80 bytes, never inside a UTF-8 character.
std::string printable(std::string_view text);

/// The line of `text` and a caret under its column; of a long line the part around the caret. Both count from 0.
/// @param column  in bytes
std::string excerpt(std::string_view text, std::size_t line, std::size_t column);

}  // namespace distload
