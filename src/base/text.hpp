/// printable: makes text from outside (names, paths, values) safe for messages, logs, tables and lists. fixed_text and
/// ranges_text: numbers as text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace distload {

/// How many characters of a name messages show.
inline constexpr std::size_t kShownCharacters = 200;

/// `text` on one line, as valid UTF-8 that is safe on terminals: control characters, line ends, bidirectional controls,
/// and bytes that are not UTF-8 become \n, \r, \t or \xNN (each byte separately). Text longer than `most` characters is
/// cut and ends in "...".
std::string printable(std::string_view text, std::size_t most = kShownCharacters);

/// The same for a text of several lines, such as a whole message: keeps line ends and cuts nothing.
std::string printable_lines(std::string_view text);

/// With `digits` digits after the point: "0.50".
std::string fixed_text(double value, int digits);

/// "0-2, 5, 7-60": ascending numbers as ranges; beyond `most` ranges "0, 2, 4 and others". Empty without numbers.
std::string ranges_text(std::vector<std::uint64_t> const& numbers,
                        std::size_t most = std::numeric_limits<std::size_t>::max());

/// Length in bytes of the UTF-8 character at the beginning of `text`; 0 if the bytes are invalid. Precondition: not
/// empty.
std::size_t utf8_length(std::string_view text) noexcept;

}  // namespace distload
