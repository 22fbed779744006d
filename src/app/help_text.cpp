// Text of --help.
#include "app/help_text.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string_view>
#include <vector>

#include "app/option_rows.hpp"

namespace distload {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kIndent = 2;
constexpr std::size_t kMostHeading = 30;
constexpr std::size_t kMostExample = 60;

/// Words of `text`, on lines that begin with `indent` spaces, except the first.
std::string wrapped(std::string_view text, std::size_t indent) {
  std::string out;
  auto column = indent;
  for (std::size_t begin = 0; begin < text.size();) {
    auto const space = text.find_first_of(" \n", begin);
    auto const end = std::min(space, text.size());
    auto const word = text.substr(begin, end - begin);
    bool const is_first = out.empty() || out.back() == ' ' || out.back() == '\n';
    if (!is_first && column + 1 + word.size() > kWidth) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (!is_first) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    if (end < text.size() && text[end] == '\n') {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    }
    begin = end + 1;
  }
  return out;
}

/// Two columns: `left`, indented, and `right` behind the widest left one.
void add_row(std::string& out, std::string const& left, std::string_view right, std::size_t width) {
  auto const column = kIndent + width + 2;
  out += std::string(kIndent, ' ') + left;
  out += left.size() > width ? "\n" + std::string(column, ' ') : std::string(width + 2 - left.size(), ' ');
  out += wrapped(right, column) + "\n";
}

void add_options(std::string& out, CLI::App const& app) {
  auto const rows = option_rows(app);
  std::size_t width = 0;
  for (auto const& row : rows) {
    auto const size = row.heading().size();
    if (size <= kMostHeading) width = std::max(width, size);
  }
  std::string group;
  for (auto const& row : rows) {
    auto const& title = row.is_argument ? "Arguments" : row.group;
    if (title != group) out += "\n" + title + ":\n";
    group = title;
    add_row(out, row.heading(), row.what, width);
  }
}

std::string command_help(CLI::App const& command, std::string const& title = "") {
  auto out =
      wrapped(title + command.get_description(), 0) + "\n\nUsage: " + wrapped(usage_line(command), kIndent) + "\n";
  add_options(out, command);
  return out;
}

}  // namespace

std::string help_text(ProgramApp const& app) {
  if (auto const given = app.get_subcommands(); !given.empty()) return command_help(*given.back());
  auto const& text = app.text();
  auto purpose = std::string(text.purpose);
  purpose.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(purpose.front())));
  auto out = wrapped(purpose + ".", 0) + "\n\n";
  std::size_t width = 0;
  for (auto const& example : text.examples) {
    if (example.command.size() <= kMostExample) width = std::max(width, example.command.size());
  }
  for (auto const& example : text.examples) add_row(out, std::string(example.command), example.what, width);
  out += "\nUsage: " + wrapped(usage_line(app), kIndent) + "\n";
  if (!text.details.empty()) out += "\n" + wrapped(text.details, 0) + "\n";
  add_options(out, app);
  for (auto const* command : commands_of(app)) out += "\n" + command_help(*command, command->get_name() + ": ");
  return out;
}

}  // namespace distload
