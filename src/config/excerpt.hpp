/// excerpt: the line of a file that a message is about, with a mark.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace distload {

/// The line of `text` and a caret under its column; of a long line the part around the caret. Both count from 0.
/// What a terminal would act upon, and what is no UTF-8, is shown as '?', so that the caret stands where it belongs.
/// @param column  in bytes
std::string excerpt(std::string_view text, std::size_t line, std::size_t column);

}  // namespace distload
