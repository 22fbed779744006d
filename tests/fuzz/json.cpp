// JSON that others wrote, held against another parser.
#include "base/json.hpp"

#include <algorithm>
#include <cmath>

#include <distload/base/error.hpp>

#include "fuzz/fuzz_target.hpp"

namespace distload::fuzz {
namespace {

using Json = nlohmann::json;

/// Python's NaN, Infinity and numbers beyond a double, which the other parser refuses.
bool has_only_finite_numbers(Json const& value) {
  if (value.is_number_float()) return std::isfinite(value.get<double>());
  if (!value.is_structured()) return true;
  return std::ranges::all_of(value, has_only_finite_numbers);
}

/// Looks at everything, as readers do that do not know what to expect.
void look_at(JsonView const& view) {
  static_cast<void>(shown_json(view.json()));
  if (view.json().is_object()) {
    for (auto const& [name, member] : view.members()) {
      static_cast<void>(view.find(name));
      look_at(member);
    }
  } else if (view.json().is_array()) {
    for (auto const& item : view.items()) look_at(item);
  } else {
    try {
      static_cast<void>(view.count(100));
    } catch (CorruptData const&) {
      // It is something else.
    }
  }
}

}  // namespace

void one_input(Input input) {
  auto const text = text_of(input);
  auto const other = Json::parse(text, nullptr, false);
  Json json;
  try {
    json = parse_json(text, {}, "f.json");
  } catch (CorruptData const& error) {
    // The other one takes a NUL for the end.
    bool const both_refuse = other.is_discarded() || text.find('\0') != text.npos;
    expect(both_refuse || std::string_view(error.what()).find("not JSON") == std::string_view::npos,
           "what another parser takes is said to be no JSON");
    throw;
  }
  if (has_only_finite_numbers(json)) expect(json == other, "another parser reads something else");
  look_at(JsonView(json, "f.json"));
}

}  // namespace distload::fuzz
