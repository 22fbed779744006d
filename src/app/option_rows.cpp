// Reads the table of options that CLI11 has.
#include "app/option_rows.hpp"

#include <algorithm>
#include <string_view>

namespace distload {
namespace {

/// Type names that stand for paths.
constexpr std::string_view kFileTypes[] = {"FILE", "MODEL", "CHECKPOINT", "CONFIG.yaml", "CONFIG"};

std::vector<std::string> split_text(std::string_view text, char at) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    auto const end = std::min(text.find(at, begin), text.size());
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

/// The alternatives of a type: {hdf5,safetensors} and one-rank|FILE.
void read_type(OptionRow& row) {
  auto const open = row.type.find('{');
  auto const close = row.type.find('}');
  if (open != std::string::npos && close != std::string::npos && open < close) {
    row.values = split_text(std::string_view(row.type).substr(open + 1, close - open - 1), ',');
    return;
  }
  for (auto& part : split_text(row.type, '|')) {
    if (part == "KEY=VALUE") {
      row.kind = ValueKind::config_key;
    } else if (std::ranges::find(kFileTypes, part) != std::end(kFileTypes)) {
      row.kind = ValueKind::file;
    } else if (part == "DIR") {
      if (row.kind != ValueKind::file) row.kind = ValueKind::directory;
    } else if (std::ranges::none_of(part, [](char c) { return c >= 'A' && c <= 'Z'; })) {
      row.values.push_back(std::move(part));
    }
  }
}

/// CLI11 puts what its checks say behind the name of the type: "UINT:UINT in [1 - 1000]", "TEXT:{a,b}".
std::string shown_type(CLI::Option const& option) {
  auto type = option.get_type_name();
  auto const choices = type.find(":{");
  if (choices != std::string::npos) return type.substr(choices + 1);
  type.resize(std::min(type.find(':'), type.size()));
  if (type == "UINT" || type == "INT") return "N";
  return type == "FLOAT" ? "X" : type;
}

OptionRow row_of(CLI::Option const& option) {
  OptionRow row;
  row.is_argument = !option.nonpositional();
  row.is_required = option.get_required();
  row.is_repeatable = option.get_expected_max() > 1 || option.get_items_expected_max() > 1;
  row.what = option.get_description();
  row.group = option.get_group();
  if (option.get_type_size() != 0) {
    row.kind = ValueKind::text;
    row.type = shown_type(option);
    read_type(row);
    if (!option.get_default_str().empty()) row.what += "; " + option.get_default_str() + " by default";
  }
  if (row.is_argument) {
    row.names.push_back(row.type);
    return row;
  }
  for (auto const& name : option.get_lnames()) row.names.push_back("--" + name);
  for (auto const& name : option.get_snames()) row.names.push_back("-" + name);
  return row;
}

}  // namespace

std::string OptionRow::heading() const {
  std::string text;
  for (auto const& name : names) text += (text.empty() ? "" : ", ") + name;
  return is_argument || type.empty() ? text : text + " " + type;
}

std::vector<OptionRow> option_rows(CLI::App const& app) {
  std::vector<OptionRow> rows;
  for (auto const* option : app.get_options([](CLI::Option const* each) { return !each->get_group().empty(); })) {
    rows.push_back(row_of(*option));
  }
  std::vector<std::string> groups;  // in the order of their first options
  for (auto const& row : rows) {
    if (std::ranges::find(groups, row.group) == groups.end()) groups.push_back(row.group);
  }
  std::ranges::stable_sort(rows, {}, [&](OptionRow const& row) {
    return row.is_argument ? 0 : 1 + (std::ranges::find(groups, row.group) - groups.begin());
  });
  return rows;
}

std::vector<CLI::App const*> commands_of(CLI::App const& app) {
  return app.get_subcommands([](CLI::App const* each) { return !each->get_name().empty(); });
}

std::string usage_line(CLI::App const& app) {
  auto line = app.get_parent() == nullptr ? app.get_name() : app.get_parent()->get_name() + " " + app.get_name();
  line += " [OPTIONS]";
  for (auto const& row : option_rows(app)) {
    if (!row.is_argument) continue;
    auto const name = row.names.front() + (row.is_repeatable ? "..." : "");
    line += row.is_required ? " " + name : " [" + name + "]";
  }
  return line;
}

}  // namespace distload
