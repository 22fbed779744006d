/// Parsing and printing of scalar settings, common to YAML, --set and the environment.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <distload/base/bytes.hpp>

namespace distload {

/// The text is not a value of the expected kind. The message follows "load.staging: ".
class ScalarError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// All throw ScalarError.
bool parse_boolean(std::string_view text);                        // true | false
std::uint64_t parse_count(std::string_view text);                 // decimal digits
std::uint32_t parse_positive_u32(std::string_view text);          // 1 or more
Bytes parse_size(std::string_view text);                          // "64 MiB"
Bytes parse_rate(std::string_view text);                          // "2 GiB/s"
std::chrono::nanoseconds parse_duration(std::string_view text);   // "300 s", "5 min", "50 us"
std::vector<std::string_view> split_list(std::string_view text);  // "[a, b]"; never empty
std::string join_list(std::span<std::string const> items);        // "[]" if there are none
std::string parse_one_of(std::string_view text, std::span<std::string const> choices);

std::string print_duration(std::chrono::nanoseconds duration);

}  // namespace distload
