/// Attributes: short texts and numbers on groups and datasets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/hdf5/handle.hpp"

namespace distload::hdf5 {

/// Longer texts are refused when read.
inline constexpr std::size_t kMaxTextBytes = std::size_t{64} << 20U;

/// Creates an attribute: UTF-8 of fixed length, padded with NUL.
void put_text(hid_t object, char const* name, std::string_view text);

/// Creates an attribute: an unsigned or a signed 64-bit number.
void put_number(hid_t object, char const* name, std::uint64_t value);
void put_signed(hid_t object, char const* name, std::int64_t value);

/// Changes the value of an existing numeric attribute; no other byte of the file moves.
void overwrite_number(hid_t object, char const* name, std::uint64_t value);

/// The attribute's text, of fixed or variable length; nothing if the attribute is missing or not a text.
std::optional<std::string> get_text(hid_t object, char const* name);

/// The attribute's number; nothing if the attribute is missing or not a single integer.
std::optional<std::uint64_t> get_number(hid_t object, char const* name);
std::optional<std::int64_t> get_signed(hid_t object, char const* name);

/// Names of all attributes, in alphabetical order.
std::vector<std::string> attribute_names(hid_t object);

}  // namespace distload::hdf5
