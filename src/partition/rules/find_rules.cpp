// Finds the rule file of a model.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>

#include <distload/base/bytes.hpp>
#include <distload/base/error.hpp>

#include "base/suggest.hpp"
#include "base/text.hpp"
#include "partition/partition_model.hpp"
#include "partition/rules/config_values.hpp"
#include "partition/rules/rule_problem.hpp"
#include "partition/rules/rule_reader.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

constexpr char const* kExtension = ".yaml";
constexpr std::string_view kAuto = "auto";
/// What all families share, in a folder of rule files.
constexpr char const* kFormats = "quantization/formats.yaml";
constexpr Bytes kMaxFileBytes = kMiB;

/// A family name comes from a checkpoint and becomes part of a path: only plain file names are accepted.
bool is_plain_name(std::string const& name) {
  auto const plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  };
  return !name.empty() && name.size() <= 100 && name.front() != '.' && std::all_of(name.begin(), name.end(), plain);
}

std::string read_file(fs::path const& path) {
  std::error_code error;
  auto const size = fs::file_size(path, error);
  if (error) throw ConfigError(path.string() + ": cannot be read: " + error.message());
  if (size > kMaxFileBytes)
    throw ConfigError(path.string() + ": a rule file of more than " + format_bytes(kMaxFileBytes));
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw ConfigError(path.string() + ": cannot be read");
  return text.str();
}

/// The rule files of a folder, sorted by name; empty if the folder does not exist.
std::vector<fs::path> rule_files(std::string const& directory) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (entry->path().extension() == kExtension) files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

FamilyRules load(fs::path const& path) { return {path.stem().string(), path.string(), read_file(path)}; }

std::optional<FamilyRules> by_name(std::string const& directory, std::string const& family) {
  if (!is_plain_name(family)) return std::nullopt;
  auto const path = fs::path(directory) / (family + kExtension);
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::nullopt;
  return load(path);
}

/// The first rule file of which `is_wanted`, called with the name of its family and its head, is true.
/// @param may_be_wanted  called with the file before its head is read, which takes a hundred times as long
template <typename TextPredicate, typename Predicate>
std::optional<FamilyRules> first_file(std::string const& directory, TextPredicate const& may_be_wanted,
                                      Predicate const& is_wanted) {
  for (auto const& path : rule_files(directory)) {
    auto found = load(path);
    if (may_be_wanted(found) && is_wanted(found.family, rules::read_head(found.text, found.file))) return found;
  }
  return std::nullopt;
}

std::optional<FamilyRules> by_model_type(std::string const& directory, std::string const& model_type) {
  auto const names_it = [&](FamilyRules const& file) { return file.text.find(model_type) != std::string::npos; };
  return first_file(directory, names_it, [&](std::string const&, rules::RuleFileHead const& head) {
    return std::ranges::find(head.model_types, model_type) != head.model_types.end();
  });
}

/// The letters and digits of a name, in lower case: those of `qwen3_moe` and of `Qwen3Moe` are the same.
std::string letters_of(std::string_view name) {
  std::string letters;
  for (char const c : name) {
    auto const letter = static_cast<unsigned char>(c);
    if (std::isalnum(letter) != 0) letters += static_cast<char>(std::tolower(letter));
  }
  return letters;
}

/// What a class of transformers is named after: `Llama` for `LlamaForCausalLM` and `LlamaModel`.
std::string_view model_of_class(std::string_view name) {
  for (std::string_view const use : {"For", "LMHead", "Model"}) {
    if (auto const at = name.find(use); at != std::string_view::npos && at > 0) return name.substr(0, at);
  }
  return name;
}

std::optional<FamilyRules> by_architecture(std::string const& directory, std::string_view architecture) {
  auto const wanted = letters_of(model_of_class(architecture));
  auto const names_it = [&](FamilyRules const& file) {
    return letters_of(file.family).find(wanted) != std::string::npos ||
           letters_of(file.text).find(wanted) != std::string::npos;
  };
  return first_file(directory, names_it, [&](std::string const& family, rules::RuleFileHead const& head) {
    auto const& types = head.model_types;
    if (types.empty()) return false;  // a base of others
    return letters_of(family) == wanted || std::ranges::find(types, wanted, letters_of) != types.end();
  });
}

/// For files that say nothing of a type.
std::optional<FamilyRules> by_keys(std::string const& directory, rules::ConfigValues const& config) {
  auto const has_keys = [](FamilyRules const& file) { return file.text.find("config_keys") != std::string::npos; };
  return first_file(directory, has_keys, [&](std::string const&, rules::RuleFileHead const& head) {
    auto const has = [&](std::string const& key) { return config.scalar(key).has_value(); };
    return !head.config_keys.empty() && std::ranges::all_of(head.config_keys, has);
  });
}

/// Another number is another generation of a model, which the same letters do not make alike.
bool have_same_digits(std::string_view left, std::string_view right) {
  auto const digits = [](std::string_view text) {
    std::string found;
    std::ranges::copy_if(text, std::back_inserter(found), [](unsigned char c) { return std::isdigit(c) != 0; });
    return found;
  };
  return digits(left) == digits(right);
}

/// "known are bert, llama, ...", with a suggestion for `wanted`.
std::string known_families(RulesSource const& source, std::string const& wanted) {
  std::set<std::string> names;
  for (auto const& directory : source.directories) {
    for (auto const& path : rule_files(directory)) names.insert(path.stem().string());
  }
  if (names.empty()) {
    std::string folders;
    for (auto const& directory : source.directories) folders += (folders.empty() ? "" : ", ") + directory;
    return "there are no rule files in " + (folders.empty() ? "the given folders (none)" : folders);
  }
  std::string list;
  for (auto const& name : names) list += (list.empty() ? "" : ", ") + name;
  std::vector<std::string> const candidates(names.begin(), names.end());
  auto const meant = wanted.empty() ? std::nullopt : nearest(wanted, candidates);
  return "known are " + list + (meant && have_same_digits(*meant, wanted) ? "; did you mean `" + *meant + "`?" : "");
}

/// The rule file of that family.
FamilyRules find_family(RulesSource const& source, std::string const& family, std::string const& asked_by) {
  for (auto const& directory : source.directories) {
    if (auto found = by_name(directory, family)) return *std::move(found);
  }
  throw ConfigError(asked_by + ": there are no rules for the family `" + printable(family) + "`; " +
                    known_families(source, family));
}

/// The rule file for the `model_type` of config.json.
FamilyRules find_model_type(RulesSource const& source) {
  if (source.config_json.empty()) {
    throw ConfigError("the checkpoint carries no config.json, so that its family is unknown: set model.family (" +
                      known_families(source, "") + ")");
  }
  rules::ConfigValues const config(source.config_json, source.config_file);
  auto const text = [&](std::string const& key) {
    try {
      return config.text(key);
    } catch (rules::ConfigProblem const& problem) {
      throw ConfigError(source.config_file + ": " + problem.what());
    }
  };
  auto const model_type = text("model_type");
  if (!model_type) {
    auto const architecture = text("architectures.0");
    if (architecture) {
      for (auto const& directory : source.directories) {
        if (auto found = by_architecture(directory, *architecture)) return *std::move(found);
      }
    }
    for (auto const& directory : source.directories) {
      if (auto found = by_keys(directory, config)) return *std::move(found);
    }
    auto const wanted = architecture ? letters_of(model_of_class(*architecture)) : "";
    throw ConfigError((source.config_file.empty() ? "the model's config.json" : printable(source.config_file)) +
                      " has no `model_type`" +
                      (architecture ? ", and no family has the architecture `" + printable(*architecture) + "`" : "") +
                      ", so that its family is unknown: set model.family, or model.rules to a file of your own, which "
                      "RULES.md describes; " +
                      known_families(source, wanted));
  }
  for (auto const& directory : source.directories) {
    // One of a tower and a decoder, which both vary.
    if (auto const of_decoder = text("text_config.model_type")) {
      if (auto found = by_model_type(directory, *model_type + "+" + *of_decoder)) return *std::move(found);
    }
    // A file with the type's name is used; other files are read to find the type.
    if (auto found = by_name(directory, *model_type)) return *std::move(found);
    if (auto found = by_model_type(directory, *model_type)) return *std::move(found);
  }
  throw ConfigError("there are no rules for models of type `" + printable(*model_type) +
                    "` (config.json: model_type); model.rules can name a file of your own, which RULES.md describes; " +
                    known_families(source, *model_type));
}

/// The rule file of the model's own family, ignoring `model.rules`.
FamilyRules find_own(RulesSource const& source) {
  return source.family == kAuto ? find_model_type(source) : find_family(source, source.family, "model.family");
}

FamilyRules find_file(RulesSource const& source) {
  if (source.rules == kAuto) return find_own(source);
  if (!fs::is_regular_file(source.rules)) throw ConfigError("model.rules: there is no file " + source.rules);
  return load(source.rules);
}

}  // namespace

FamilyRules find_rules(RulesSource const& source) {
  auto family = find_file(source);
  RuleText last{family.file, family.text};
  for (auto extends = rules::read_head(last.text, last.file).extends; extends;
       extends = rules::read_head(last.text, last.file).extends) {
    auto base = *extends == kAuto ? find_own(source) : find_family(source, *extends, last.file + ": extends");
    auto const is_base = [&](RuleText const& text) { return text.file == base.file; };
    if (base.file == family.file || std::ranges::any_of(family.bases, is_base)) {
      throw ConfigError(last.file + ": extends " + *extends + ", which extends it");
    }
    last = {base.file, base.text};
    family.bases.push_back(last);
  }
  for (auto const& directory : source.directories) {
    auto const path = fs::path(directory) / kFormats;
    std::error_code ignored;
    if (!fs::exists(path, ignored)) continue;
    family.bases.push_back({path.string(), read_file(path)});
    break;
  }
  return family;
}

}  // namespace distload
