/// Text as HTML. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace distload {

/// `text` as printable text for the content of an element and for a quoted attribute: no character of it is markup.
/// Longer text than `most` characters is cut.
std::string html_text(std::string_view text, std::size_t most = 200);

/// The same for a name, which may be broken after dots and slashes.
std::string html_name(std::string_view name);

/// The same for several lines, which stay lines in an element of class `lines`.
std::string html_lines(std::string_view text, std::size_t most = 2000);

/// "1,234,567"
std::string grouped(std::uint64_t number);

/// "1 tensor", "2,000 tensors"
std::string counted(std::uint64_t number, std::string_view what);

/// `part` of `whole` with at most one decimal: "12.5 %"; "0 %" of nothing.
std::string share_text(std::uint64_t part, std::uint64_t whole);

/// `part` of `whole` as a number from 0 to `scale` for SVG and CSS, with at most two decimals.
std::string scaled(std::uint64_t part, std::uint64_t whole, double scale);

}  // namespace distload
