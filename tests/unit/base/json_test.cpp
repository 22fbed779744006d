// JSON of others: what is read, what is refused and in which words, and how much it may ask for.
#include "base/json.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <distload/base/error.hpp>

#include "support/thrown_message.hpp"

namespace distload {
namespace {

nlohmann::json parse(std::string_view text, JsonLimits const& limits = {}) {
  return parse_json(text, limits, "f.json");
}

template <class Action>
std::string error_of(Action const& action) {
  return thrown_message<CorruptData>(action);
}

std::string error_in(std::string_view text, JsonLimits const& limits = {}) {
  return error_of([&] { parse(text, limits); });
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i) result += text;
  return result;
}

TEST(Json, ReadsWhatNlohmannReads) {
  for (auto const* const text :
       {"null", "true", " [ ] ", "{}", "0", "-0.5e-3", "12345678901234567890", "-9223372036854775808", "1E2", "\"\"",
        R"({"a":[1,-2,{"b":null}],"":"x","c":{"d":[[],{}]}})", R"("a\"\\\/\b\f\n\r\t\u00e9\u20AC\ud83d\ude00é€😀")"}) {
    EXPECT_EQ(parse(text), nlohmann::json::parse(text)) << text;
  }
}

TEST(Json, ReadsWhatPythonWritesBesides) {
  auto const json =
      parse("\xEF\xBB\xBF[NaN, Infinity, -Infinity, 1e400, -1e400, 1e-400, 123456789012345678901234567890, -0]");
  EXPECT_TRUE(std::isnan(json[0].get<double>()));
  EXPECT_EQ(json[1], std::numeric_limits<double>::infinity());
  EXPECT_EQ(json[2], -std::numeric_limits<double>::infinity());
  EXPECT_EQ(json[3], std::numeric_limits<double>::infinity());
  EXPECT_EQ(json[4], -std::numeric_limits<double>::infinity());
  EXPECT_EQ(json[5], 0.0);
  EXPECT_EQ(json[6], 1.2345678901234568e29);
  EXPECT_TRUE(json[7].is_number_unsigned());
  EXPECT_EQ(parse(R"({"NaN":"Infinity, NaN"})")["NaN"], "Infinity, NaN") << "in quotes these are words";
}

TEST(Json, ReadsWhatIsBeyondDoublesByItsFirstDigit) {
  std::string const zeros(400, '0');
  auto const json = parse("[1" + zeros + "e-5, 0." + zeros + "1e5, -1e-99999999999999999999, 0." + zeros + "1e+800]");
  EXPECT_EQ(json[0], std::numeric_limits<double>::infinity());
  EXPECT_EQ(json[1], 0.0);
  EXPECT_EQ(json[2], 0.0);
  EXPECT_EQ(json[3], std::numeric_limits<double>::infinity());
}

TEST(Json, SaysFileLineColumnAndKeyOfAProblem) {
  struct Case {
    std::string text;
    char const* expected;
  };
  for (auto const& [text, expected] : std::vector<Case>{
           {"", "f.json: line 1, column 1: not JSON: expected a value, but the text ends here"},
           {"{\n  \"a\": {\"b\": [1,\n 2, x]}}",
            "f.json: line 3, column 5, at a.b[2]: not JSON: expected a value, but here stands `x]}}`"},
           {"{\"é\": tru}", "f.json: line 1, column 7, at é: not JSON: expected a value, but here stands `tru}`"},
           {"[1,]", "f.json: line 1, column 4, at [1]: not JSON: expected a value"},
           {"[1 2]", "expected a comma or ]"},
           {R"({"a":1,})", "expected a key in double quotes"},
           {R"({"a" 1})", "expected a colon"},
           {R"({"a":1)", "expected a comma or }, but the text ends here"},
           {"{} {}", "f.json: line 1, column 4: not JSON: expected the end of the text"},
           {"01", "a needless 0"},
           {"1.", "no digit after its point"},
           {"1e+", "no digit in its exponent"},
           {"-", "expected a digit"},
           {"+1", "expected a value"},
           {"nan", "expected a value"},
           {"'a'", "expected a value"},
           {"\"a", "the text in quotes has no end"},
           {"\"a\nb\"", R"(holds the control character \n)"},
           {"\"\xff\"", R"(not JSON: \xFF in a text in quotes is not UTF-8)"},
           {"\"\xed\xa0\x80\"", "is not UTF-8"},
           {R"("\x")", "after a \\ in quotes"},
           {R"("\u12g4")", "four hexadecimal digits"},
           {R"("\ud800x")", "without the second"},
           {R"("\udc00")", "without the first"},
           {std::string("\0", 1), R"(here stands `\x00`)"},
       }) {
    EXPECT_NE(error_in(text).find(expected), std::string::npos) << text << "\ngave: " << error_in(text);
    EXPECT_EQ(error_in(text).find("json.exception"), std::string::npos) << text;
  }
}

TEST(Json, RefusesAKeyThatStandsTwiceInOneObject) {
  EXPECT_EQ(error_in("{\"a\": {\"b\": 1,\n \"b\": 2}}"), "f.json: line 2, column 2, at a.b: the key occurs twice");
  EXPECT_EQ(error_in(R"({"a": 1, "\u0061": 2})"), "f.json: line 1, column 10, at a: the key occurs twice");
  EXPECT_EQ(parse(R"([{"a": {"a": 1}}, {"a": 2}])").size(), 2U) << "in different objects it may";
}

TEST(Json, HasLimits) {
  JsonLimits limits;
  EXPECT_NE(error_in(repeated("[", 100'000), limits).find("nested more than 64 deep"), std::string::npos);
  EXPECT_NE(error_in(repeated("{\"a\":", 10'000'000), limits).find("nested more than 64 deep"), std::string::npos);
  EXPECT_NO_THROW(parse(repeated("[", 64) + repeated("]", 64), limits));
  limits.values = 10;
  EXPECT_NE(error_in("[" + repeated("0,", 10) + "0]", limits).find("more than 10 members and items"),
            std::string::npos);
  limits.string_bytes = 100;
  EXPECT_NE(error_in('"' + std::string(101, 'a') + '"', limits).find("a text of more than 100 bytes"),
            std::string::npos);
  limits.text_bytes = 1000;
  EXPECT_NE(error_in(std::string(1001, ' '), limits).find("at most 1000 B are read"), std::string::npos);
  EXPECT_NE(error_in(std::string(5000, '9')).find("more than 4300 digits"), std::string::npos);
}

TEST(Json, ShowsHostileKeysHarmlesslyAndCut) {
  auto const error = error_in("{\"\\u001b[31m" + std::string(100'000, 'k') + "\": x}");
  EXPECT_NE(error.find(R"(at \x1B[31mkkk)"), std::string::npos) << error;
  EXPECT_LT(error.size(), 400U);
  auto const deep = error_in(repeated("{\"" + std::string(300, 'k') + "\":", 100));
  EXPECT_LT(deep.size(), 1000U);
}

bool holds_infinity(nlohmann::json const& json) {
  auto const values = nlohmann::json::array({json}).flatten();
  return std::ranges::any_of(
      values, [](nlohmann::json const& value) { return value.is_number_float() && std::isinf(value.get<double>()); });
}

/// Whatever nlohmann takes, this reader takes as the same value, unless it refuses a second key or a limit; whatever
/// nlohmann refuses is refused, but for Python's numbers.
TEST(Json, AgreesWithNlohmannOnMutations) {
  std::string const good = R"({"a":[1,-2.5e3,true,null,"x\u00e9\n"],"b":{"c":{},"d":[]},"e":"é"})";
  std::string const alphabet = "{}[]\",:0123456789-.eE \\untrfals\n";
  std::mt19937_64 random(5);
  int accepted = 0;
  for (int i = 0; i < 50'000; ++i) {
    auto text = good;
    for (auto changes = 1 + random() % 3; changes > 0; --changes) {
      auto const at = random() % text.size();
      switch (random() % 4) {
        case 0: text[at] = alphabet[random() % alphabet.size()]; break;
        case 1: text.erase(at, 1 + random() % 4); break;
        case 2: text.insert(at, 1, alphabet[random() % alphabet.size()]); break;
        default: text[at] = static_cast<char>(random()); break;
      }
      if (text.empty()) text = "1";
    }
    auto const other = nlohmann::json::parse(text, nullptr, false);
    try {
      auto const json = parse(text);
      if (holds_infinity(json)) continue;
      ASSERT_FALSE(other.is_discarded()) << text;
      ASSERT_EQ(json, other) << text;
      ++accepted;
    } catch (CorruptData const& error) {
      ASSERT_TRUE(other.is_discarded() || std::string(error.what()).find("twice") != std::string::npos) << text << "\n"
                                                                                                        << error.what();
    }
  }
  EXPECT_GT(accepted, 1000);
}

TEST(JsonView, NamesFileAndKey) {
  auto const json = parse(R"({"files":[{"name":"a","bytes":3},{"name":7,"bytes":-1}],"ok":true,"none":null})");
  JsonView const view(json, "f.json");
  auto const files = view.at("files").items();
  EXPECT_EQ(files.at(0).at("name").text(), "a");
  EXPECT_EQ(files.at(0).at("bytes").count(), 3U);
  EXPECT_TRUE(view.at("ok").boolean());
  EXPECT_FALSE(view.find("none"));
  EXPECT_EQ(view.members().size(), 3U);
  EXPECT_EQ(error_of([&] { files.at(1).at("name").text(); }), "f.json: files[1].name is 7, expected a text");
  EXPECT_EQ(error_of([&] { files.at(1).at("bytes").count(); }),
            "f.json: files[1].bytes is -1, expected a whole number, 0 or more");
  EXPECT_EQ(error_of([&] { files.at(0).at("bytes").count(2); }),
            "f.json: files[0].bytes is 3, expected a whole number from 0 to 2");
  EXPECT_EQ(error_of([&] { view.at("nothing"); }), "f.json: the key `nothing` is missing");
  EXPECT_EQ(error_of([&] { view.at("files").at("x"); }).find("f.json: files is [{"), 0U);
  EXPECT_EQ(error_of([&] { view.expect_only({"files", "ok"}); }), "f.json: the key `none` is unknown");
}

TEST(JsonText, IsValidWhateverTheNames) {
  nlohmann::ordered_json const json{{"name", "\xff\x1b"}};
  EXPECT_EQ(json_text(json), "{\"name\":\"\xEF\xBF\xBD\\u001b\"}");
}

}  // namespace
}  // namespace distload
