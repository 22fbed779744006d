/// What a fuzz target is made of. Each target is one source that defines `one_input`; libFuzzer or `replay_main.cpp`
/// calls it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace distload::fuzz {

using Input = std::span<std::byte const>;

/// What the target does with an input. It ends, or throws Error; whatever else happens is a fault of the code under
/// test.
void one_input(Input input);

/// Calls `one_input`; an Error is as good an end as none.
void run(Input input);

/// Ends the process if something that has to hold does not.
void expect(bool holds, char const* what);

std::string_view text_of(Input input);

/// What stands before and behind the first line that is `====`; without one, the whole text and nothing.
std::pair<std::string_view, std::string_view> two_texts(std::string_view text);

/// Takes numbers from the front of an input; zeros behind its end.
class Numbers {
 public:
  explicit Numbers(Input input) : rest_(input) {}

  std::uint8_t byte();
  std::uint64_t word();
  Input rest() const noexcept { return rest_; }

 private:
  Input rest_;
};

}  // namespace distload::fuzz
