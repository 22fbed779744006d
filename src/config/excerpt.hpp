/// excerpt: the line of a file that a message refers to, with a caret below.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace distload {

/// The line of `text` with a caret under its column; of a long line only the part around the caret. Line and column
/// count from 0. Control characters and bytes that are not UTF-8 are shown as '?', so that the caret is at the right
/// column.
/// @param column  in bytes
std::string excerpt(std::string_view text, std::size_t line, std::size_t column);

}  // namespace distload
