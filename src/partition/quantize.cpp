// Applies the `written` entries of formats to weights.
#include "partition/quantize.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <regex>

#include <nlohmann/json.hpp>

#include <distload/base/bytes.hpp>
#include <distload/base/error.hpp>

#include "base/suggest.hpp"
#include "base/text.hpp"
#include "partition/rules/rule_problem.hpp"
#include "partition/rules/rule_reader.hpp"

namespace distload::rules {
namespace {

constexpr std::string_view kWeightEnding = ".weight";
/// What compressed-tensors puts before regular expressions.
constexpr std::string_view kRegex = "re:";
constexpr std::string_view kQuantization = "quantization_config";
/// Where quantization_config lists the modules that are not quantized.
constexpr std::array kIgnoreKeys{"modules_to_not_convert", "ignore", "ignored_layers", "exclude_modules",
                                 "llm_int8_skip_modules"};

/// True if `text` is `glob`, in which * stands for any characters.
bool matches_glob(std::string_view glob, std::string_view text) {
  std::size_t at = 0;
  std::size_t star = std::string_view::npos;  // the last one in `glob`
  std::size_t behind = 0;                     // where its text ends
  std::size_t in_glob = 0;
  while (at < text.size()) {
    if (in_glob < glob.size() && glob[in_glob] == '*') {
      star = in_glob++;
      behind = at;
    } else if (in_glob < glob.size() && glob[in_glob] == text[at]) {
      ++in_glob;
      ++at;
    } else if (star != std::string_view::npos) {
      in_glob = star + 1;
      at = ++behind;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', in_glob) == std::string_view::npos;
}

/// True if an entry of a list of ignored modules means the module: its name, one of its beginnings or endings, or a
/// pattern of them.
bool means(std::string const& entry, std::string const& module) {
  if (entry.starts_with(kRegex)) {
    try {
      return std::regex_search(module, std::regex(entry.substr(kRegex.size())), std::regex_constants::match_continuous);
    } catch (std::regex_error const&) {
      throw ConfigProblem("quantization_config ignores `" + printable(entry) + "`, which is no regular expression");
    }
  }
  return matches_glob(entry, module) || matches_glob(entry + ".*", module) || matches_glob("*." + entry, module) ||
         matches_glob("*." + entry + ".*", module);
}

/// True for a matrix, or one for each expert.
bool is_matrix(TensorDescription const& tensor, Rule const& rule) {
  if (rule.expert_axis) return tensor.shape.size() == 3;
  return tensor.shape.size() == 2 && tensor.name.ends_with(kWeightEnding);
}

/// True if the rule's tensor is [in, out].
bool is_in_out(Rule const& rule, std::size_t axes) {
  return (rule.partition == PartitionKind::column_parallel && rule.axis == axes - 1) ||
         (rule.partition == PartitionKind::row_parallel && rule.axis == axes - 2);
}

}  // namespace

Quantizer::Quantizer(ModelRules const& model) : set_(model.set), config_(model.config) {
  for (auto const& format : set_.formats) {
    if (!all_hold(format.when, set_.flags, config_)) continue;
    for (auto const& written : format.written) {
      if (!all_hold(written.when, set_.flags, config_)) continue;
      sizes_.emplace_back(format.sizes, config_);
      choices_.push_back({&format, &written, sizes_.size() - 1});
    }
  }
  auto const key = std::string(kQuantization) + ".";
  if (auto const method = config_.text(key + "quant_method"); method && choices_.empty()) {
    throw ConfigProblem("quantization_config has the method " + printable(*method) +
                        " with settings that no `written` entry of a format describes");
  }
  for (auto const* list : kIgnoreKeys) {
    auto const count = config_.size(key + list + std::string(kCount)).value_or(0);
    for (std::uint64_t i = 0; i < count; ++i) {
      if (auto const item = config_.text(key + list + "." + std::to_string(i))) ignored_.push_back(*item);
    }
  }
}

bool Quantizer::is_ignored(std::string_view weight) const {
  if (std::ranges::any_of(set_.never_quantized,
                          [&](std::string const& text) { return weight.find(text) != std::string_view::npos; })) {
    return true;
  }
  auto module = std::string(weight);
  if (module.ends_with(kWeightEnding)) module.resize(module.size() - kWeightEnding.size());
  return std::ranges::any_of(ignored_, [&](std::string const& entry) { return means(entry, module); });
}

std::optional<std::vector<TensorDescription>> Quantizer::quantized(TensorDescription const& weight,
                                                                   Rule const& rule) const {
  if (choices_.empty() || !is_matrix(weight, rule) || rule.partition == PartitionKind::vocab_parallel ||
      rule.keep_dtype != KeepDType::of_companions || is_ignored(weight.name)) {
    return std::nullopt;
  }
  for (auto const& choice : choices_) {
    auto const& only = choice.written->only;
    auto const is_in_name = [&](std::string const& text) { return weight.name.find(text) != std::string::npos; };
    if (!only.empty() && std::ranges::none_of(only, is_in_name)) continue;
    if (choice.format->weight && !choice.format->weight->name.beside(weight.name)) continue;
    return stored_by(choice, weight, rule);
  }
  return std::nullopt;
}

std::vector<TensorDescription> Quantizer::stored_by(Choice const& choice, TensorDescription const& weight,
                                                    Rule const& rule) const {
  auto const& sizes = sizes_[choice.sizes];
  auto const axes = weight.shape.size();
  auto const reversed = is_in_out(rule, axes);
  auto const out = weight.shape[reversed ? axes - 1 : axes - 2];
  auto const in = weight.shape[reversed ? axes - 2 : axes - 1];
  auto const shape_of = [&](FormatShape const& format, bool is_weight) {
    Shape shape;
    for (std::size_t axis = 0; !format.empty() && axis + 2 < axes; ++axis) shape.push_back(weight.shape[axis]);
    for (auto const& axis : format) {
      auto const block = sizes.positive(*axis.block);
      if (!axis.follows) {
        shape.push_back(block);
        continue;
      }
      auto const size = *axis.follows == WeightAxis::out ? out : in;
      auto const stored = axis.stored ? sizes.positive(*axis.stored) : 1;
      auto const together = block / std::gcd(block, stored);
      if (is_weight && size % together != 0) {
        throw RuleProblem("the format " + choice.written->name + " stores " + std::to_string(together) +
                          " elements together, of which " + std::to_string(size) + " are no multiple");
      }
      shape.push_back(divide_up(size * stored, block));
    }
    return shape;
  };

  std::vector<TensorDescription> tensors;
  if (auto const& packed = choice.format->weight) {
    tensors.push_back({*packed->name.beside(weight.name), packed->dtypes.front(), shape_of(packed->shape, true)});
  } else {
    tensors.push_back({weight.name, *choice.written->dtype, weight.shape});
  }
  for (auto const& beside : choice.written->beside) {
    if (!all_hold(beside.when, set_.flags, config_)) continue;
    auto const name = beside.name.beside(weight.name);
    if (!name) continue;
    TensorDescription tensor{*name, beside.dtype.value_or(weight.dtype), shape_of(beside.shape, false)};
    if (beside.content == FormatContent::shape) tensor.numbers = {TensorNumbers::Kind::these, {out, in}};
    if (beside.content == FormatContent::groups) {
      auto const group = sizes.find("group");
      tensor.numbers = {TensorNumbers::Kind::groups, {group.value_or(in), 0}};
    }
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

}  // namespace distload::rules

namespace distload {

std::string with_quantization(FamilyRules const& family, std::string_view config_json, std::string const& name) {
  auto const set = rules::read_rules(family);
  std::vector<std::string> known;
  for (auto const& format : set.formats) {
    for (auto const& written : format.written) {
      known.push_back(written.name);
      if (written.name != name && format.name != name) continue;
      try {
        auto config = nlohmann::ordered_json::parse(config_json);
        for (auto const& synonym : set.synonyms) {
          if (synonym.key != rules::kQuantization) continue;
          for (auto const& other : synonym.others) config.erase(other);
        }
        if (config.contains("text_config")) config["text_config"].erase(std::string(rules::kQuantization));
        config[std::string(rules::kQuantization)] = nlohmann::ordered_json::parse(written.config);
        return config.dump(2) + "\n";
      } catch (nlohmann::json::exception const& error) {
        throw ConfigError(std::string("config.json, or the `config` of the format ") + name + ": " + error.what());
      }
    }
  }
  std::string list;
  for (auto const& each : known) list += (list.empty() ? "" : ", ") + each;
  auto const meant = nearest(name, known);
  throw ConfigError("no format of quantized weights that can be written is named " + printable(name) + "; there are " +
                    list + (meant ? "; did you mean " + *meant + "?" : ""));
}

}  // namespace distload
