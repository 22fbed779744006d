/// Attributes: short texts and numbers on groups and datasets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/hdf5/handle.hpp"

namespace distload::hdf5 {

/// Texts longer than this are not believed when read.
inline constexpr std::size_t kMaxTextBytes = std::size_t{64} << 20U;

/// Writes a new attribute: UTF-8 of fixed length, padded with NUL.
void put_text(hid_t object, char const* name, std::string_view text);

/// Writes a new attribute: an unsigned or a signed 64-bit number.
void put_number(hid_t object, char const* name, std::uint64_t value);
void put_signed(hid_t object, char const* name, std::int64_t value);

/// Changes the number of an attribute that is there; nothing else of the file moves.
void overwrite_number(hid_t object, char const* name, std::uint64_t value);

/// The attribute's text, of fixed or variable length; nothing if there is none of that name or it is no text.
std::optional<std::string> get_text(hid_t object, char const* name);

/// The attribute's number; nothing if there is none of that name or it is no single integer.
std::optional<std::uint64_t> get_number(hid_t object, char const* name);
std::optional<std::int64_t> get_signed(hid_t object, char const* name);

/// Names of all attributes, in alphabetical order.
std::vector<std::string> attribute_names(hid_t object);

}  // namespace distload::hdf5
