// Parses and prints numbers with and without units.
#include "config/scalar.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"
#include "config/did_you_mean.hpp"

namespace distload {
namespace {

std::string quoted(std::string_view text) { return "'" + printable(text) + "'"; }

struct TimeUnit {
  std::string_view name;
  std::uint64_t nanoseconds;
};

// From the largest to the smallest, for printing.
constexpr std::array<TimeUnit, 6> kTimeUnits{{{"h", 3'600'000'000'000},
                                              {"min", 60'000'000'000},
                                              {"s", 1'000'000'000},
                                              {"ms", 1'000'000},
                                              {"us", 1'000},
                                              {"ns", 1}}};

}  // namespace

std::vector<std::string_view> split_list(std::string_view text) {
  auto rest = text;
  if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
  std::vector<std::string_view> items;
  for (bool more = true; more;) {
    auto const comma = rest.find(',');
    more = comma != std::string_view::npos;
    auto item = rest.substr(0, comma);
    if (more) rest.remove_prefix(comma + 1);
    item.remove_prefix(std::min(item.find_first_not_of(' '), item.size()));
    item = item.substr(0, item.find_last_not_of(' ') + 1);
    if (item.empty()) throw ScalarError("must be a list such as [1, 2], not " + quoted(text));
    items.push_back(item);
  }
  return items;
}

bool parse_boolean(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  throw ScalarError("must be true or false, not " + quoted(text));
}

std::uint64_t parse_count(std::string_view text) {
  std::uint64_t value = 0;
  auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) throw ScalarError(quoted(text) + " is too large");
  if (error != std::errc{} || stop != text.data() + text.size()) {
    throw ScalarError("must be a whole number, not " + quoted(text));
  }
  return value;
}

std::uint32_t parse_positive_u32(std::string_view text) {
  auto const value = parse_count(text);
  if (value == 0) throw ScalarError("must be at least 1");
  if (value > 0xFFFF'FFFF) throw ScalarError(quoted(text) + " is too large");
  return static_cast<std::uint32_t>(value);
}

Bytes parse_size(std::string_view text) {
  if (auto const bytes = parse_bytes(text)) return *bytes;
  throw ScalarError("must be a size below 16 EiB such as '64 MiB', not " + quoted(text));
}

Bytes parse_rate(std::string_view text) {
  constexpr std::string_view kPerSecond = "/s";
  if (text.size() > kPerSecond.size() && text.substr(text.size() - kPerSecond.size()) == kPerSecond) {
    auto const bytes = parse_bytes(text.substr(0, text.size() - kPerSecond.size()));
    if (bytes && *bytes > 0) return *bytes;
  }
  throw ScalarError("must be a rate such as '2 GiB/s', not " + quoted(text));
}

std::chrono::nanoseconds parse_duration(std::string_view text) {
  auto const digits = text.find_first_not_of("0123456789");
  if (digits != 0 && digits != std::string_view::npos) {
    auto const count = parse_count(text.substr(0, digits));
    auto unit_name = text.substr(digits);
    unit_name.remove_prefix(std::min(unit_name.find_first_not_of(' '), unit_name.size()));
    for (auto const& unit : kTimeUnits) {
      if (unit.name != unit_name) continue;
      auto const nanoseconds = checked_multiply(count, unit.nanoseconds);
      if (!nanoseconds || *nanoseconds > 0x7FFF'FFFF'FFFF'FFFF) throw ScalarError(quoted(text) + " is too long");
      return std::chrono::nanoseconds(static_cast<std::int64_t>(*nanoseconds));
    }
  }
  throw ScalarError("must be a duration such as '300 s', '5 min' or '50 us', not " + quoted(text));
}

std::string join_list(std::span<std::string const> items) {
  std::string text;
  for (auto const& item : items) text += (text.empty() ? "" : ", ") + item;
  return "[" + text + "]";
}

std::string parse_one_of(std::string_view text, std::span<std::string const> choices) {
  std::string list;
  for (auto const& choice : choices) {
    if (choice == text) return choice;
    list += (list.empty() ? "" : ", ") + choice;
  }
  throw ScalarError("must be one of " + list + ", not " + quoted(text) + did_you_mean(text, choices));
}

std::string print_duration(std::chrono::nanoseconds duration) {
  auto const count = static_cast<std::uint64_t>(duration.count());
  for (auto const& unit : kTimeUnits) {
    if (count >= unit.nanoseconds && count % unit.nanoseconds == 0) {
      return std::to_string(count / unit.nanoseconds) + " " + std::string(unit.name);
    }
  }
  return "0 s";
}

}  // namespace distload
