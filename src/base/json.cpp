// Builds documents from parser events; checked access to their values.
#include "base/json.hpp"

#include <algorithm>
#include <cmath>

#include <distload/base/error.hpp>

#include "base/text.hpp"

namespace distload {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kShownValue = 60;

class Builder : public JsonHandler {
 public:
  Json take() { return std::move(root_); }

  void on_null() override { add(nullptr); }
  void on_boolean(bool value) override { add(value); }
  void on_number(std::uint64_t value) override { add(value); }
  void on_negative(std::int64_t value) override { add(value); }
  void on_real(double value, std::string_view) override { add(value); }
  void on_text(std::string_view value) override { add(std::string(value)); }
  void on_key(std::string_view key, std::size_t) override { place_ = &(*open_.back())[std::string(key)]; }
  void on_object() override { begin(Json::object()); }
  void on_list() override { begin(Json::array()); }
  void on_object_end() override { open_.pop_back(); }
  void on_list_end() override { open_.pop_back(); }

 private:
  Json& add(Json value) {
    if (open_.empty()) return root_ = std::move(value);
    auto& in = *open_.back();
    if (in.is_object()) return *place_ = std::move(value);
    in.push_back(std::move(value));
    return in.back();
  }

  /// Adding items to a list may move its earlier items, but no earlier item is open at that time.
  void begin(Json value) { open_.push_back(&add(std::move(value))); }

  Json root_;
  std::vector<Json*> open_;
  Json* place_ = nullptr;  ///< value of the member whose key came last
};

}  // namespace

Json parse_json(std::string_view text, JsonLimits const& limits, std::string const& what) {
  Builder builder;
  parse_json_events(text, limits, what, builder);
  return builder.take();
}

JsonView JsonView::member(std::string_view key, Json const& value) const {
  return {value, what_, path_ + (path_.empty() ? "" : ".") + printable(key)};
}

std::optional<JsonView> JsonView::find(std::string_view key) const {
  if (!json_->is_object()) fail_expecting("an object");
  auto const found = json_->find(key);
  if (found == json_->end() || found->is_null()) return std::nullopt;
  return member(key, *found);
}

JsonView JsonView::at(std::string_view key) const {
  if (auto found = find(key)) return *std::move(found);
  fail("the key `" + printable(key) + "` is missing");
}

void JsonView::expect_only(std::initializer_list<std::string_view> keys) const {
  for (auto const& [key, value] : members()) {
    if (std::ranges::find(keys, key) == keys.end()) fail("the key `" + printable(key) + "` is unknown");
  }
}

std::vector<JsonView> JsonView::items() const {
  if (!json_->is_array()) fail_expecting("a list");
  std::vector<JsonView> items;
  items.reserve(json_->size());
  for (auto const& item : *json_) items.push_back({item, what_, path_ + "[" + std::to_string(items.size()) + "]"});
  return items;
}

std::vector<std::pair<std::string, JsonView>> JsonView::members() const {
  if (!json_->is_object()) fail_expecting("an object");
  std::vector<std::pair<std::string, JsonView>> members;
  members.reserve(json_->size());
  for (auto const& [key, value] : json_->items()) members.emplace_back(key, member(key, value));
  return members;
}

std::string JsonView::text() const {
  auto const* const text = json_->get_ptr<std::string const*>();
  if (text == nullptr) fail_expecting("a text");
  return *text;
}

bool JsonView::boolean() const {
  auto const* const flag = json_->get_ptr<bool const*>();
  if (flag == nullptr) fail_expecting("true or false");
  return *flag;
}

std::uint64_t JsonView::count(std::uint64_t most) const {
  auto const* const number = json_->get_ptr<std::uint64_t const*>();
  if (number == nullptr || *number > most) {
    fail_expecting("a whole number" +
                   (most == ~std::uint64_t{0} ? ", 0 or more" : " from 0 to " + std::to_string(most)));
  }
  return *number;
}

void JsonView::fail_expecting(std::string const& expected) const {
  throw CorruptData(what_ + ": " + (path_.empty() ? "the JSON" : path_) + " is " + shown_json(*json_) + ", expected " +
                    expected);
}

void JsonView::fail(std::string const& problem) const {
  throw CorruptData(what_ + ": " + path_ + (path_.empty() ? "" : ": ") + problem);
}

std::string shown_json(Json const& value) {
  if (value.is_number_float()) {
    auto const number = value.get<double>();
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
  }
  if (value.is_object()) return "an object";
  if (value.is_array() && value.size() > kShownValue) return "a list of " + std::to_string(value.size()) + " items";
  return printable(json_text(value), kShownValue);
}

}  // namespace distload
