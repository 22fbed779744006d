// What all fuzz targets share.
#include "fuzz/fuzz_target.hpp"

#include <cstdio>
#include <cstdlib>

#include <distload/base/error.hpp>

namespace distload::fuzz {

void run(Input input) {
  try {
    one_input(input);
  } catch (Error const&) {
    // The input is refused.
  }
}

void expect(bool holds, char const* what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz target: %s\n", what);
  std::abort();
}

std::string_view text_of(Input input) { return {reinterpret_cast<char const*>(input.data()), input.size()}; }

std::pair<std::string_view, std::string_view> two_texts(std::string_view text) {
  constexpr std::string_view kSeparator = "\n====\n";
  auto const at = text.find(kSeparator);
  if (at == std::string_view::npos) return {text, {}};
  return {text.substr(0, at + 1), text.substr(at + kSeparator.size())};
}

std::uint8_t Numbers::byte() {
  if (rest_.empty()) return 0;
  auto const value = std::to_integer<std::uint8_t>(rest_.front());
  rest_ = rest_.subspan(1);
  return value;
}

std::uint64_t Numbers::word() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 8) value |= std::uint64_t{byte()} << shift;
  return value;
}

}  // namespace distload::fuzz
