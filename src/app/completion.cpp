// Writes completion scripts.
#include "app/completion.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "app/option_rows.hpp"
#include "config/schema.hpp"

namespace distload {
namespace {

/// A program itself, and its commands.
struct Part {
  std::string command;  ///< empty: the program itself
  std::string what;
  std::vector<OptionRow> rows;
};

std::vector<Part> parts_of(ProgramApp const& app) {
  std::vector<Part> parts{{"", "", option_rows(app)}};
  for (auto const* command : commands_of(app)) {
    parts.push_back({command->get_name(), command->get_description(), option_rows(*command)});
  }
  return parts;
}

std::string joined(std::vector<std::string> const& words, std::string_view between = " ") {
  std::string text;
  for (auto const& word : words) text += (text.empty() ? "" : std::string(between)) + word;
  return text;
}

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (char const c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// The words that a key of the configuration can have as its value, as far as they are few.
std::vector<std::string> values_of(ConfigKey const& key) {
  if (!key.choices.empty()) return key.choices;
  auto const by_default = key.print({});
  if (by_default == "true" || by_default == "false") return {"true", "false"};
  return {};
}

std::vector<std::string> key_words() {
  std::vector<std::string> words;
  for (auto const& key : config_keys()) words.push_back(key.name + "=");
  return words;
}

bool takes_keys(std::vector<Part> const& parts) {
  return std::ranges::any_of(parts, [](Part const& part) {
    return std::ranges::any_of(part.rows, [](OptionRow const& row) { return row.kind == ValueKind::config_key; });
  });
}

std::vector<std::string> commands_in(std::vector<Part> const& parts) {
  std::vector<std::string> commands;
  for (auto const& part : parts) {
    if (!part.command.empty()) commands.push_back(part.command);
  }
  return commands;
}

std::string function_name(ProgramApp const& app) {
  auto name = "_" + std::string(app.text().name);
  std::ranges::replace(name, '-', '_');
  return name;
}

std::string head(ProgramApp const& app, char const* shell) {
  return "# " + std::string(shell) + " completion of " + std::string(app.text().name) +
         ", made by the program itself.\n";
}

/// What follows an option with a value, in bash.
std::string bash_value(OptionRow const& row) {
  std::string text;
  if (row.kind == ValueKind::config_key) return "words=" + in_quotes(joined(key_words())) + " space=";
  if (!row.values.empty()) text += "words=" + in_quotes(joined(row.values)) + " ";
  if (row.kind == ValueKind::file) text += "paths=-f ";
  if (row.kind == ValueKind::directory) text += "paths=-d ";
  return text.empty() ? ":" : text;
}

/// One case of a `case "$command $before" in`.
std::string bash_cases(Part const& part) {
  std::string cases;
  for (auto const& row : part.rows) {
    if (row.is_argument || row.kind == ValueKind::none) continue;
    std::vector<std::string> patterns;
    for (auto const& name : row.names) patterns.push_back("'" + part.command + " " + name + "'");
    cases += "    " + joined(patterns, "|") + ") " + bash_value(row) + " ;;\n";
  }
  return cases;
}

std::string bash_options(Part const& part) {
  std::vector<std::string> names;
  for (auto const& row : part.rows) {
    if (!row.is_argument) names.insert(names.end(), row.names.begin(), row.names.end());
  }
  return joined(names);
}

std::string zsh_text(std::string_view text) {
  std::string out;
  for (char const c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    if (c == '\n') {
      out += ' ';
    } else {
      out += c;
    }
  }
  return out;
}

std::string zsh_action(OptionRow const& row) {
  std::string const type = zsh_text(row.type);
  if (row.kind == ValueKind::config_key) return ":" + type + ":_distload_keys";
  if (row.kind == ValueKind::file) return ":" + type + ":_files";
  if (row.kind == ValueKind::directory) return ":" + type + ":_files -/";
  return ":" + type + ":" + (row.values.empty() ? "" : "(" + joined(row.values) + ")");
}

std::string zsh_arguments(Part const& part, std::vector<std::string> const& commands) {
  std::string text = "_arguments -s";
  for (auto const& row : part.rows) {
    if (row.is_argument) {
      text += " \\\n      " + in_quotes((row.is_repeatable ? "*" : "") + zsh_action(row));
      continue;
    }
    for (auto const& name : row.names) {
      auto spec = row.is_repeatable ? "*" + name : "(" + joined(row.names) + ")" + name;
      if (row.kind != ValueKind::none) spec += name.starts_with("--") ? "=" : "+";
      spec += "[" + zsh_text(row.what) + "]";
      if (row.kind != ValueKind::none) spec += zsh_action(row);
      text += " \\\n      " + in_quotes(spec);
    }
  }
  if (!commands.empty()) text += " \\\n      " + in_quotes("1:command:{compadd -- " + joined(commands) + "; _files}");
  return text + "\n";
}

std::string zsh_keys() {
  std::string text = "_distload_keys() {\n  if compset -P '*='; then\n    case $IPREFIX in\n";
  for (auto const& key : config_keys()) {
    auto const values = values_of(key);
    if (!values.empty()) text += "      *" + key.name + "=) compadd -- " + joined(values) + " ;;\n";
  }
  return text + "      *) _files ;;\n    esac\n  else\n    compadd -S '' -- " + joined(key_words()) + "\n  fi\n}\n\n";
}

std::string fish_option(std::string const& begin, OptionRow const& row) {
  auto line = begin;
  for (auto const& name : row.names) {
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  auto words = row.values;
  if (row.kind == ValueKind::config_key) {
    for (auto const& key : config_keys()) {
      words.push_back(key.name + "=");
      for (auto const& value : values_of(key)) words.push_back(key.name + "=" + value);
    }
  }
  bool const has_path = row.kind == ValueKind::file || row.kind == ValueKind::directory;
  if (row.kind != ValueKind::none) line += has_path ? " -r -F" : " -x";
  if (!words.empty()) line += " -a " + in_quotes(joined(words));
  auto what = row.what;
  std::ranges::replace(what, '\n', ' ');
  std::string quoted;
  for (char const c : what) quoted += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return line + " -d '" + quoted + "'\n";
}

}  // namespace

std::string bash_completion(ProgramApp const& app) {
  auto const parts = parts_of(app);
  auto const commands = commands_in(parts);
  auto const name = function_name(app);
  auto text = head(app, "bash") + name + "() {\n" +
              "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
              "  local command= words= paths=-f space=yes\n"
              "  # Bash cuts words at \"=\".\n"
              "  if [[ $current == = ]]; then\n"
              "    current=\n"
              "  elif [[ $before == = ]]; then\n"
              "    before=${COMP_WORDS[COMP_CWORD-2]}\n"
              "  fi\n";
  if (!commands.empty()) {
    text +=
        "  local word\n"
        "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
        "    case $word in " +
        joined(commands, "|") +
        ") command=$word; break ;; esac\n"
        "  done\n";
  }
  text +=
      "  if [[ $before == -* ]]; then paths=; fi\n"
      "  case \"$command $before\" in\n";
  for (auto const& part : parts) text += bash_cases(part);
  if (takes_keys(parts)) {
    for (auto const& key : config_keys()) {
      auto const values = values_of(key);
      if (!values.empty()) text += "    *' " + key.name + "') words=" + in_quotes(joined(values)) + " paths= ;;\n";
    }
  }
  text +=
      "    *)\n"
      "      paths=-f\n"
      "      case $command in\n";
  for (auto const& part : parts) {
    auto const pattern = part.command.empty() ? std::string("''") : part.command;
    text += "        " + pattern + ") [[ $current == -* ]] && words=" + in_quotes(bash_options(part)) + " paths= ;;\n";
  }
  text += "      esac\n";
  if (!commands.empty()) {
    text += "      [[ -z $command && $current != -* ]] && words=" + in_quotes(joined(commands)) + "\n";
  }
  text +=
      "      ;;\n"
      "  esac\n"
      "  COMPREPLY=()\n"
      "  if [[ -n $paths ]]; then\n"
      "    mapfile -t COMPREPLY < <(compgen \"$paths\" -- \"$current\")\n"
      "    compopt -o filenames 2>/dev/null\n"
      "  fi\n"
      "  if [[ -n $words ]]; then\n"
      "    mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
      "  fi\n"
      "  if [[ -z $space ]]; then compopt -o nospace 2>/dev/null; fi\n"
      "  return 0\n"
      "}\n";
  return text + "complete -F " + name + " " + std::string(app.text().name) + "\n";
}

std::string zsh_completion(ProgramApp const& app) {
  auto const parts = parts_of(app);
  auto const commands = commands_in(parts);
  auto text = "#compdef " + std::string(app.text().name) + "\n" + head(app, "zsh") + "\n";
  if (takes_keys(parts)) text += zsh_keys();
  if (commands.empty()) return text + zsh_arguments(parts.front(), {});
  text += "case ${words[(r)(" + joined(commands, "|") + ")]} in\n";
  for (auto part = parts.begin() + 1; part != parts.end(); ++part) {
    text += "  " + part->command + ")\n    " + zsh_arguments(*part, {}) + "    ;;\n";
  }
  auto own = parts.front();
  std::erase_if(own.rows, [](OptionRow const& row) { return row.is_argument; });
  return text + "  *)\n    " + zsh_arguments(own, commands) + "    ;;\nesac\n";
}

std::string fish_completion(ProgramApp const& app) {
  auto text = head(app, "fish");
  auto const parts = parts_of(app);
  auto const commands = commands_in(parts);
  auto const begin = "complete -c " + std::string(app.text().name);
  for (auto const& part : parts) {
    auto condition = std::string();
    if (!part.command.empty()) condition = " -n '__fish_seen_subcommand_from " + part.command + "'";
    if (part.command.empty() && !commands.empty()) {
      condition = " -n 'not __fish_seen_subcommand_from " + joined(commands) + "'";
    }
    for (auto const& row : part.rows) {
      if (!row.is_argument) text += fish_option(begin + condition, row);
    }
  }
  for (auto const& command : commands) {
    text += begin + " -n 'not __fish_seen_subcommand_from " + joined(commands) + "' -a " + command + "\n";
  }
  return text;
}

}  // namespace distload
