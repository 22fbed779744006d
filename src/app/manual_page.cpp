// Writes troff.
#include <array>
#include <cctype>
#include <string>
#include <string_view>

#include <distload/version.hpp>

#include "app/exit_codes.hpp"
#include "app/help_text.hpp"
#include "app/option_rows.hpp"

namespace distload {
namespace {

constexpr std::array<std::string_view, 7> kPages{"distload",         "distload-bench",      "distload-infer",
                                                 "distload-inspect", "distload-plan-bench", "distload-synth",
                                                 "distload-verify"};

/// Text as troff prints it as it is.
std::string plain(std::string_view text) {
  std::string out;
  for (char const c : text) {
    bool const begins_line = out.empty() || out.back() == '\n';
    if (begins_line && (c == '.' || c == '\'')) out += "\\&";
    switch (c) {
      case '\\': out += "\\e"; break;
      case '-': out += "\\-"; break;
      case '\'': out += "\\(aq"; break;
      case '`': out += "\\(ga"; break;
      case '^': out += "\\(ha"; break;
      case '~': out += "\\(ti"; break;
      default: out += c;
    }
  }
  return out;
}

std::string bold(std::string_view text) { return "\\fB" + plain(text) + "\\fR"; }

/// Upper case, in quotes.
std::string title(std::string_view text) {
  std::string upper;
  for (char const c : text) upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return "\"" + upper + "\"";
}

/// Paragraphs, separated by empty lines.
void add_paragraphs(std::string& out, std::string_view text) {
  while (!text.empty()) {
    auto const end = text.find("\n\n");
    out += ".PP\n" + plain(text.substr(0, end)) + "\n";
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 2);
  }
}

void add_entry(std::string& out, std::string const& heading, std::string_view text) {
  out += ".TP\n" + heading + "\n" + plain(text) + "\n";
}

std::string heading_of(OptionRow const& row) {
  std::string names;
  for (auto const& name : row.names) names += (names.empty() ? "" : ", ") + bold(name);
  return row.is_argument || row.type.empty() ? names : names + " \\fI" + plain(row.type) + "\\fR";
}

void add_option_entries(std::string& out, CLI::App const& app, bool with_titles) {
  std::string group;
  for (auto const& row : option_rows(app)) {
    auto const& name = row.is_argument ? "Arguments" : row.group;
    if (with_titles && name != group) out += ".SS \"" + plain(name) + "\"\n";
    group = name;
    add_entry(out, heading_of(row), row.what);
  }
}

void add_environment(std::string& out) {
  out += ".SH ENVIRONMENT\n";
  add_entry(out, bold("DISTLOAD_") + "\\fISECTION\\fR" + bold("_") + "\\fIKEY\\fR",
            "A key of the configuration: DISTLOAD_LOAD_ENGINE=direct is load.engine. It is above the file and below "
            "--set.");
}

}  // namespace

std::string manual_page(ProgramApp const& app) {
  auto const& text = app.text();
  auto out = ".TH " + title(text.name) + " 1 \"\" \"distload " DISTLOAD_VERSION "\" \"User commands\"\n";
  out += ".SH NAME\n" + plain(text.name) + " \\- " + plain(text.purpose) + "\n";
  out += ".SH SYNOPSIS\n" + bold(text.name) + plain(std::string_view(usage_line(app)).substr(text.name.size())) + "\n";
  for (auto const* command : commands_of(app)) out += ".br\n" + bold(usage_line(*command)) + "\n";
  out += ".SH EXAMPLES\n";
  for (auto const& example : text.examples) add_entry(out, bold(example.command), example.what);
  if (!text.details.empty()) {
    out += ".SH DESCRIPTION\n";
    add_paragraphs(out, text.details);
  }
  out += ".SH OPTIONS\n";
  add_option_entries(out, app, true);
  if (auto const commands = commands_of(app); !commands.empty()) {
    out += ".SH COMMANDS\n";
    for (auto const* command : commands) {
      out += ".SS \"" + plain(command->get_name()) + "\"\n" + plain(command->get_description()) + "\n";
      add_option_entries(out, *command, false);
    }
  }
  out += ".SH \"EXIT STATUS\"\n";
  for (auto const& [code, meaning] : exit_codes()) add_entry(out, bold(code), meaning);
  for (auto const& row : option_rows(app)) {
    if (row.kind == ValueKind::config_key) add_environment(out);
  }
  out += ".SH \"SEE ALSO\"\n";
  std::string others;
  for (auto const page : kPages) {
    if (page != text.name) others += (others.empty() ? "" : ",\n") + bold(page) + "(1)";
  }
  return out + others + "\n";
}

}  // namespace distload
