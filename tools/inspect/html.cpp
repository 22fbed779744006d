// Escapes text, and prints numbers for people.
#include "inspect/html.hpp"

#include "base/text.hpp"

namespace distload {

namespace {

/// Precondition: `printable`.
std::string escaped(std::string_view text) {
  std::string html;
  for (char const character : text) {
    switch (character) {
      case '&': html += "&amp;"; break;
      case '<': html += "&lt;"; break;
      case '>': html += "&gt;"; break;
      case '"': html += "&quot;"; break;
      case '\'': html += "&#39;"; break;
      default: html += character;
    }
  }
  return html;
}

}  // namespace

std::string html_text(std::string_view text, std::size_t most) { return escaped(printable(text, most)); }

std::string html_name(std::string_view name) {
  std::string html;
  for (char const character : html_text(name)) {
    html += character;
    if (character == '.' || character == '/') html += "<wbr>";
  }
  return html;
}

std::string html_lines(std::string_view text, std::size_t most) {
  std::string html;
  while (!text.empty() && html.size() < most) {
    auto const end = text.find('\n');
    html += (html.empty() ? "" : "\n") + html_text(text.substr(0, end), most);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return text.empty() ? html : html + "\n...";
}

std::string grouped(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return text;
}

std::string counted(std::uint64_t number, std::string_view what) {
  return grouped(number) + " " + std::string(what) + (number == 1 ? "" : "s");
}

std::string share_text(std::uint64_t part, std::uint64_t whole) {
  if (part == 0 || whole == 0) return "0 %";
  auto const percent = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  if (percent < 0.1) return "< 0.1 %";
  return fixed_text(percent, percent >= 99.95 || percent >= 10 ? 0 : 1) + " %";
}

std::string scaled(std::uint64_t part, std::uint64_t whole, double scale) {
  if (whole == 0) return "0";
  auto text = fixed_text(scale * static_cast<double>(part) / static_cast<double>(whole), 2);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace distload
