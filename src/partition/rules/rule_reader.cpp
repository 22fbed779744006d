// Converts YAML to a RuleSet.
#include "partition/rules/rule_reader.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/text.hpp"
#include "config/second_document.hpp"
#include "partition/partition_model.hpp"
#include "partition/rules/format_reader.hpp"
#include "partition/rules/size_reader.hpp"
#include "partition/rules/yaml_fields.hpp"

namespace distload::rules {
namespace {

/// The unit of `heads` if a rule names no other.
constexpr char const* kHeadSize = "head_dim";
/// In a `shape`: any size.
constexpr std::string_view kAnySize = "any";
/// The name of F32 in `keep_dtype` and load.dtype.
constexpr std::string_view kFloat32 = "fp32";
/// In `not_required`: what the base requires.
constexpr std::string_view kAll = "all";
/// Limit for one file; each name of a model is compared with all patterns.
constexpr std::size_t kMaxPatterns = 20'000;
/// Limit for the names of one entry of `required`.
constexpr std::size_t kMaxInBrackets = 256;

/// Reads a file and merges it into the rules of the file that it extends.
class Reader {
 public:
  Reader(std::string const& path, RuleSet base) : source_(path), base_(std::move(base)), sizes_(source_, base_.sizes) {}

  RuleSet read(YAML::Node const& document) {
    YamlFields const fields(
        source_, document, "a rule file",
        {"extends", "model_types", "config_keys", "flags", "sizes", "rules", "tied", "required", "not_required",
         "expected", "complete", "published", "layer_kinds", "fused", "synonyms", "formats", "never_quantized"});
    RuleSet set;
    set.file = source_.file();
    if (auto const types = fields.find("model_types")) {
      for (auto const& type : read_list(types)) set.model_types.push_back(read_text(source_, type));
    }
    flags_ = base_.flags;
    if (auto const flags = fields.find("flags")) replace(flags_, read_flags(flags), &Flag::key);
    if (auto const sizes = fields.find("sizes")) sizes_.read(sizes);
    set.layer_kinds = std::move(base_.layer_kinds);
    if (auto const kinds = fields.find("layer_kinds")) {
      replace(set.layer_kinds, read_layer_kinds(kinds), &LayerKind::name);
    }
    set.published = std::move(base_.published);
    if (auto const published = fields.find("published")) set.published = read_published(published);
    if (auto const complete = fields.find("complete")) {
      if (complete.IsMap()) set.complete_when = read_when(complete);
      set.complete = complete.IsMap() || read_boolean(source_, complete);
    }
    auto const needs_rules = !fields.has("extends") && !fields.has("formats");
    auto const rules = needs_rules ? fields.require("rules") : fields.find("rules");
    if (rules) {
      for (auto const& rule : read_list(rules)) set.rules.push_back(read_rule(rule));
    }
    for (auto& rule : base_.rules) {
      ++rule.level;
      set.rules.push_back(std::move(rule));
    }
    set.tied = std::move(base_.tied);
    if (auto const tied = fields.find("tied")) {
      std::vector<TiedRule> own;
      for (auto const& entry : read_list(tied)) own.push_back(read_tied(entry));
      replace(set.tied, std::move(own), &TiedRule::alias);
    }
    set.required = std::move(base_.required);
    if (auto const dropped = fields.find("not_required")) drop_required(dropped, set.required);
    for (auto const* key : {"required", "expected"}) {
      auto const list = fields.find(key);
      if (!list) continue;
      for (auto const& entry : read_list(list)) {
        auto entries = read_required(entry, set.layer_kinds);
        for (auto& each : entries) each.is_required = key == std::string_view("required");
        std::ranges::move(entries, std::back_inserter(set.required));
      }
    }
    set.fused = std::move(base_.fused);
    if (auto const fused = fields.find("fused")) replace(set.fused, read_fused(fused), &FusedRule::name);
    set.synonyms = std::move(base_.synonyms);
    if (auto const synonyms = fields.find("synonyms")) {
      replace(set.synonyms, read_synonyms(synonyms), &Synonym::key);
    }
    set.never_quantized = std::move(base_.never_quantized);
    if (auto const never = fields.find("never_quantized")) {
      for (auto const& text : read_list(never)) set.never_quantized.push_back(read_text(source_, text));
    }
    if (auto const formats = fields.find("formats")) {
      set.formats = read_formats(source_, formats, [this](YAML::Node const& node) { return read_when(node); });
    }
    for (auto& format : base_.formats) {
      if (std::ranges::find(set.formats, format.name, &Format::name) == set.formats.end()) {
        set.formats.push_back(std::move(format));
      }
    }
    set.flags = std::move(flags_);
    set.sizes = sizes_.definitions();
    return set;
  }

 private:
  /// Adds `own`; an entry with an existing key replaces the old one.
  template <class T>
  static void replace(std::vector<T>& all, std::vector<T> own, std::string T::*key) {
    std::erase_if(all, [&](T const& old) {
      return std::ranges::any_of(own, [&](T const& entry) { return entry.*key == old.*key; });
    });
    std::ranges::move(own, std::back_inserter(all));
  }

  std::vector<Flag> read_flags(YAML::Node const& node) const {
    if (!node.IsMap()) source_.fail(node.Mark(), "expected a map of keys of config.json and values");
    std::vector<Flag> flags;
    for (auto const& entry : node) {
      flags.push_back({read_text(source_, entry.first), parse_scalar(read_text(source_, entry.second))});
    }
    return flags;
  }

  std::vector<Condition> read_when(YAML::Node const& node) const {
    if (!node.IsMap()) source_.fail(node.Mark(), "expected a map of keys of config.json and values");
    std::vector<Condition> when;
    for (auto const& entry : node) {
      Condition condition{read_text(source_, entry.first), {}};
      if (std::ranges::find(flags_, condition.key, &Flag::key) == flags_.end()) {
        source_.fail(node.Mark(),
                     "`" + printable(condition.key) + "` is none of the `flags`, which say what holds without it");
      }
      for (auto const& value : read_list(entry.second)) {
        try {
          condition.any_of.push_back(parse_comparison(read_text(source_, value)));
        } catch (std::invalid_argument const& error) {
          source_.fail(value.Mark(), error.what());
        }
      }
      when.push_back(std::move(condition));
    }
    return when;
  }

  std::vector<Synonym> read_synonyms(YAML::Node const& node) const {
    if (!node.IsMap()) source_.fail(node.Mark(), "`synonyms` must be a map of keys of config.json");
    std::vector<Synonym> synonyms;
    for (auto const& entry : node) {
      Synonym synonym{read_text(source_, entry.first), {}};
      for (auto const& other : read_list(entry.second)) synonym.others.push_back(read_text(source_, other));
      synonyms.push_back(std::move(synonym));
    }
    return synonyms;
  }

  /// @param made_from  the node that the patterns come from, if not `node`
  std::vector<Pattern> read_patterns(YAML::Node const& node, YAML::Node const* made_from = nullptr) const {
    std::vector<Pattern> patterns;
    for (auto const& item : read_list(node)) {
      auto const mark = made_from == nullptr ? item.Mark() : made_from->Mark();
      try {
        auto expanded = Pattern::parse(read_text(source_, item));
        pattern_count_ += expanded.size();
        if (pattern_count_ > kMaxPatterns) {
          source_.fail(mark, "more than " + std::to_string(kMaxPatterns) + " patterns, with alternatives");
        }
        std::move(expanded.begin(), expanded.end(), std::back_inserter(patterns));
      } catch (std::invalid_argument const& error) {
        source_.fail(mark, error.what());
      }
    }
    if (patterns.empty()) source_.fail(node.Mark(), "expected a pattern");
    return patterns;
  }

  Rule read_rule(YAML::Node const& node) const {
    YamlFields const fields(
        source_, node, "a rule",
        {"match", "partition", "shape", "axis", "size", "heads", "unit", "replicate", "sections", "groups", "stage",
         "uneven", "expert_axis", "optional", "layer_offset", "when", "keep_dtype"});
    Rule rule;
    rule.location = fields.location();
    rule.patterns = read_patterns(fields.require("match"));
    rule.partition = read_partition(fields.require("partition"));
    rule.axis = rule.partition == PartitionKind::row_parallel ? 1 : 0;
    if (auto const axis = fields.find("axis"))
      rule.axis = static_cast<std::uint32_t>(read_number(source_, axis, 0, kMaxAxes - 1));
    if (auto const axis = fields.find("expert_axis")) {
      rule.expert_axis = static_cast<std::uint32_t>(read_number(source_, axis, 0, kMaxAxes - 1));
    }
    if (auto const optional = fields.find("optional")) rule.optional = read_boolean(source_, optional);
    if (auto const offset = fields.find("layer_offset")) rule.layer_offset = sizes_.read_expression(offset);
    if (auto const when = fields.find("when")) rule.when = read_when(when);
    if (auto const keep = fields.find("keep_dtype")) rule.keep_dtype = read_keep_dtype(keep);
    if (auto const shape = fields.find("shape")) rule.shape = read_shape(shape);
    read_sections(fields, rule);
    read_groups(fields, rule);
    read_uneven(fields, rule);
    read_stage(fields, rule);
    return rule;
  }

  std::vector<std::optional<Expression>> read_shape(YAML::Node const& node) const {
    if (!node.IsSequence() || node.size() == 0) source_.fail(node.Mark(), "`shape` must be a list of sizes");
    if (node.size() > kMaxAxes)
      source_.fail(node.Mark(), "no tensor has more than " + std::to_string(kMaxAxes) + " axes");
    std::vector<std::optional<Expression>> shape;
    for (auto const& size : node) {
      auto const is_any = size.IsScalar() && read_text(source_, size) == kAnySize;
      shape.push_back(is_any ? std::nullopt : std::optional(sizes_.read_expression(size)));
    }
    return shape;
  }

  void read_groups(YamlFields const& fields, Rule& rule) const {
    auto const has_head = std::ranges::count_if(rule.patterns, &Pattern::has_head);
    if (has_head != 0 && (has_head != std::ssize(rule.patterns) || !fields.has("heads"))) {
      fields.fail("{head} stands in all names of a rule or in none, and `heads` says how many there are");
    }
    auto const groups = fields.find("groups");
    if (!groups) return;
    auto const have_heads =
        std::ranges::all_of(rule.sections, [](SectionRule const& section) { return !!section.heads; });
    if (rule.sections.empty() || !fields.has("sections") || !have_heads || fields.has("uneven")) {
      fields.fail("`groups` belongs to a list of `sections` with `heads`, without `uneven`");
    }
    rule.groups = sizes_.read_expression(groups);
  }

  void read_uneven(YamlFields const& fields, Rule& rule) const {
    auto const uneven = fields.find("uneven");
    if (!uneven) return;
    rule.uneven = read_boolean(source_, uneven);
    auto const is_cut =
        rule.partition == PartitionKind::column_parallel || rule.partition == PartitionKind::row_parallel;
    auto const replicates = std::any_of(rule.sections.begin(), rule.sections.end(),
                                        [](SectionRule const& section) { return section.replicate; });
    if (rule.uneven && (!is_cut || replicates)) {
      fields.fail("`uneven` is for column_parallel and row_parallel parameters without `replicate`");
    }
  }

  KeepDType read_keep_dtype(YAML::Node const& node) const {
    if (node.IsScalar() && read_text(source_, node) == kFloat32) return KeepDType::of_f32;
    return read_boolean(source_, node) ? KeepDType::always : KeepDType::never;
  }

  std::vector<FusedRule> read_fused(YAML::Node const& node) const {
    if (!node.IsMap()) source_.fail(node.Mark(), "`fused` must be a map of names, parts and wholes");
    std::vector<FusedRule> rules;
    for (auto const& entry : node) {
      YamlFields const fields(source_, entry.second, "an entry of `fused`", {"parts", "whole"});
      FusedRule rule{
          read_text(source_, entry.first), {}, read_text(source_, fields.require("whole")), fields.location()};
      for (auto const& part : read_list(fields.require("parts"))) rule.parts.push_back(read_text(source_, part));
      if (rule.parts.size() < 2) fields.fail("`parts` are at least two");
      rules.push_back(std::move(rule));
    }
    return rules;
  }

  /// Drops the entries of the base that one of the patterns is among, or all of them.
  void drop_required(YAML::Node const& node, std::vector<RequiredRule>& required) const {
    if (node.IsScalar() && read_text(source_, node) == kAll) {
      required.clear();
      return;
    }
    for (auto const& item : read_list(node)) {
      for (auto const& text : each_in_brackets(item)) {
        auto const dropped = read_patterns(YAML::Node(text), &item);
        auto const count = std::erase_if(required, [&](RequiredRule const& rule) {
          return std::ranges::any_of(rule.patterns, [&](Pattern const& pattern) {
            return std::ranges::find(dropped, pattern) != dropped.end();
          });
        });
        if (count == 0) {
          source_.fail(item.Mark(), "the file that this one extends does not require " + printable(text));
        }
      }
    }
  }

  /// One entry for each of the texts in brackets.
  std::vector<RequiredRule> read_required(YAML::Node const& node, std::vector<LayerKind> const& kinds) const {
    RequiredRule required;
    required.location = source_.location(node);
    auto match = node;
    if (node.IsMap()) {
      YamlFields const fields(source_, node, "an entry of `required`",
                              {"match", "unless", "when", "layers", "each", "shape", "dtype"});
      match.reset(fields.require("match"));
      if (auto const when = fields.find("when")) required.when = read_when(when);
      if (auto const unless = fields.find("unless")) required.unless = read_patterns(unless);
      if (auto const layers = fields.find("layers")) required.layers = read_layers(layers, kinds);
      if (auto const each = fields.find("each")) required.each = sizes_.read_expression(each);
      if (auto const shape = fields.find("shape")) {
        if (!shape.IsSequence()) source_.fail(shape.Mark(), "`shape` must be a list of sizes");
        required.shape.emplace();
        for (auto const& size : shape) required.shape->push_back(sizes_.read_expression(size));
      }
      if (auto const dtype = fields.find("dtype")) required.dtype = read_dtype(source_, dtype);
    }
    std::vector<std::vector<std::string>> texts{{}};  // of the alternatives, for each choice from the brackets
    for (auto const& item : read_list(match)) {
      auto const expanded = each_in_brackets(item);
      if (expanded.size() > 1 && read_list(match).size() > 1) {
        source_.fail(item.Mark(), "an entry with [a,b] is one pattern, not a list of several");
      }
      texts.resize(expanded.size());
      for (std::size_t i = 0; i < expanded.size(); ++i) texts[i].push_back(expanded[i]);
    }
    std::vector<RequiredRule> entries;
    for (auto const& alternatives : texts) {
      auto entry = required;
      YAML::Node patterns(YAML::NodeType::Sequence);
      for (auto const& text : alternatives) {
        patterns.push_back(text);
        entry.text += (entry.text.empty() ? "" : " or ") + text;
      }
      entry.patterns = read_patterns(patterns, &match);
      entries.push_back(std::move(entry));
    }
    return entries;
  }

  /// "a.[b,c].d" stands for "a.b.d" and "a.c.d".
  std::vector<std::string> each_in_brackets(YAML::Node const& node) const {
    std::vector<std::string> texts{read_text(source_, node)};
    for (;;) {
      auto const begin = texts.front().find('[');
      if (begin == std::string::npos) return texts;
      std::vector<std::string> expanded;
      for (auto const& text : texts) {
        auto const open = text.find('[');
        auto const close = text.find(']', open);
        if (close == std::string::npos) source_.fail(node.Mark(), "a [ without its ]");
        for (auto at = open + 1; at <= close;) {
          auto const end = std::min(text.find(',', at), close);
          expanded.push_back(text.substr(0, open) + text.substr(at, end - at) + text.substr(close + 1));
          at = end + 1;
        }
      }
      if (expanded.size() > kMaxInBrackets) source_.fail(node.Mark(), "too many names in brackets");
      texts = std::move(expanded);
    }
  }

  std::vector<PublishedNames> read_published(YAML::Node const& node) const {
    std::vector<PublishedNames> published;
    for (auto const& entry : read_list(node)) {
      if (!entry.IsMap()) {
        published.push_back({read_text(source_, entry), {}});
        continue;
      }
      YamlFields const fields(source_, entry, "an entry of `published`", {"begin", "when"});
      for (auto const& beginning : read_list(fields.require("begin"))) {
        published.push_back({read_text(source_, beginning), read_when(fields.require("when"))});
      }
    }
    return published;
  }

  std::vector<LayerKind> read_layer_kinds(YAML::Node const& node) const {
    if (!node.IsMap()) source_.fail(node.Mark(), "`layer_kinds` must be a map of names and ranges of layers");
    std::vector<LayerKind> kinds;
    for (auto const& entry : node) {
      LayerKind kind{read_text(source_, entry.first), {}};
      if (kind.name == kExtraKind) source_.fail(entry.first.Mark(), "`extra` are the layers behind `layers`");
      for (auto const& range : read_list(entry.second)) kind.any_of.push_back(read_range(range));
      kinds.push_back(std::move(kind));
    }
    return kinds;
  }

  LayerRange read_range(YAML::Node const& node) const {
    YamlFields const fields(source_, node, "a range of layers",
                            {"from", "to", "every", "at", "except", "only", "when"});
    LayerRange range;
    if (auto const from = fields.find("from")) range.from = sizes_.read_expression(from);
    if (auto const to = fields.find("to")) range.to = sizes_.read_expression(to);
    if (auto const every = fields.find("every")) range.every = sizes_.read_expression(every);
    if (auto const at = fields.find("at")) {
      if (!range.every) source_.fail(at.Mark(), "`at` needs `every`");
      range.at = sizes_.read_expression(at);
    }
    if (auto const except = fields.find("except")) range.except = read_key(except);
    if (auto const only = fields.find("only")) range.only = read_key(only);
    if (auto const when = fields.find("when")) range.when = read_when(when);
    return range;
  }

  std::vector<LayerChoice> read_layers(YAML::Node const& node, std::vector<LayerKind> const& kinds) const {
    constexpr std::string_view kNot = "not ";
    std::vector<LayerChoice> choices;
    for (auto const& entry : read_list(node)) {
      LayerChoice choice;
      if (entry.IsMap()) {
        choice.range = read_range(entry);
      } else {
        auto const text = read_text(source_, entry);
        choice.is_negated = text.starts_with(kNot);
        choice.kind = choice.is_negated ? text.substr(kNot.size()) : text;
        if (choice.kind != kExtraKind && std::ranges::find(kinds, choice.kind, &LayerKind::name) == kinds.end()) {
          source_.fail(entry.Mark(), "`" + printable(choice.kind) + "` is none of the `layer_kinds`");
        }
      }
      choices.push_back(std::move(choice));
    }
    return choices;
  }

  /// A key of config.json.
  std::string read_key(YAML::Node const& node) const {
    auto const key = read_text(source_, node);
    if (!key.starts_with(kConfigPrefix) || key.size() == kConfigPrefix.size()) {
      source_.fail(node.Mark(), "`" + printable(key) + "` names no key of config.json: config.<key>");
    }
    return key.substr(kConfigPrefix.size());
  }

  void read_sections(YamlFields const& fields, Rule& rule) const {
    auto const cut_by_parts = fields.has("heads") || fields.has("unit") || fields.has("sections");
    if (rule.partition == PartitionKind::replicated && (cut_by_parts || fields.has("size") || fields.has("axis"))) {
      fields.fail("a replicated parameter is not cut: it has no `axis`, `size`, `heads`, `unit` or `sections`");
    }
    if (rule.partition == PartitionKind::vocab_parallel && cut_by_parts) {
      fields.fail("a vocabulary is padded, not cut by `heads`, `unit` or `sections`");
    }
    auto const sections = fields.find("sections");
    if (!sections) {
      if (cut_by_parts || fields.has("size") || fields.has("replicate")) rule.sections.push_back(read_section(fields));
      return;
    }
    if (fields.has("size") || fields.has("heads") || fields.has("unit") || fields.has("replicate")) {
      fields.fail("`size`, `heads`, `unit` and `replicate` belong into the single `sections`");
    }
    if (sections.IsScalar()) {
      rule.equal_sections = read_number(source_, sections, 1, 1024);
      return;
    }
    for (auto const& entry : read_list(sections)) {
      YamlFields const section(source_, entry, "a section", {"size", "heads", "unit", "replicate"});
      if (!section.has("size") && !section.has("heads")) section.fail("a section needs `size` or `heads`");
      rule.sections.push_back(read_section(section));
    }
  }

  SectionRule read_section(YamlFields const& fields) const {
    SectionRule section;
    if (auto const size = fields.find("size")) section.size = sizes_.read_expression(size);
    if (auto const heads = fields.find("heads")) section.heads = sizes_.read_expression(heads);
    if (auto const unit = fields.find("unit")) section.unit = sizes_.read_expression(unit);
    if (auto const replicate = fields.find("replicate")) section.replicate = read_boolean(source_, replicate);
    if (section.replicate && !section.heads && !section.unit) {
      fields.fail("`replicate` gives whole units to several ranks: it needs `heads` or `unit`");
    }
    if (section.heads && !section.unit) {
      if (!sizes_.is_defined(kHeadSize)) fields.fail("`heads` needs a `unit` here or the size `head_dim` in `sizes`");
      section.unit = Expression{{parse_term(kHeadSize)}, kHeadSize};
    }
    return section;
  }

  void read_stage(YamlFields const& fields, Rule& rule) const {
    auto const stage = fields.find("stage");
    if (!stage) {
      if (!rule.layer_offset &&
          !std::all_of(rule.patterns.begin(), rule.patterns.end(), [](Pattern const& p) { return p.has_layer(); })) {
        fields.fail("a rule whose names have no {layer} needs a `stage`: first, last, all or [first, last]");
      }
      return;
    }
    bool first = false;
    bool last = false;
    for (auto const& item : read_list(stage)) {
      auto const text = read_text(source_, item);
      if (text != "first" && text != "last" && text != "all") {
        source_.fail(item.Mark(),
                     "there is no stage `" + printable(text) + "`: write first, last, all or [first, last]");
      }
      if (text == "all") rule.stage = StageRule::all;
      first = first || text == "first";
      last = last || text == "last";
    }
    if (rule.stage == StageRule::all) return;
    if (!first && !last) source_.fail(stage.Mark(), "`stage` is empty: write first, last, all or [first, last]");
    rule.stage = first && last ? StageRule::first_and_last : first ? StageRule::first : StageRule::last;
  }

  PartitionKind read_partition(YAML::Node const& node) const {
    auto const text = read_text(source_, node);
    for (auto const kind : {PartitionKind::replicated, PartitionKind::column_parallel, PartitionKind::row_parallel,
                            PartitionKind::vocab_parallel}) {
      if (text == name_of(kind)) return kind;
    }
    source_.fail(node.Mark(), "there is no partition `" + printable(text) +
                                  "`: write column_parallel, row_parallel, vocab_parallel or replicated");
  }

  TiedRule read_tied(YAML::Node const& node) const {
    YamlFields const fields(source_, node, "an entry of `tied`",
                            {"alias", "target", "when", "default", "needs", "unless"});
    TiedRule tied;
    tied.location = fields.location();
    tied.alias = read_text(source_, fields.require("alias"));
    tied.target = read_patterns(fields.require("target"));
    if (auto const when = fields.find("when")) {
      tied.when = read_key(when);
      tied.when_absent = read_boolean(source_, fields.require("default"));
    } else if (fields.has("default")) {
      fields.fail("`default` is what holds where config.json lacks the key of `when`, which is missing");
    }
    if (auto const needs = fields.find("needs")) tied.needs = read_patterns(needs);
    if (auto const unless = fields.find("unless")) tied.unless = read_patterns(unless);
    return tied;
  }

  YamlSource source_;
  RuleSet base_;
  std::vector<Flag> flags_;
  SizeReader sizes_;
  mutable std::size_t pattern_count_ = 0;
};

/// @throws ConfigError "path:line: ..."
template <class Read>
auto parse(std::string_view text, std::string const& path, Read const& read) {
  try {
    std::string const document(text);
    auto result = read(YAML::Load(document));
    if (auto const second = second_document(document)) {
      YamlSource(path).fail(*second, "not a part of the rules, which are one YAML document");
    }
    return result;
  } catch (YAML::Exception const& error) {
    YamlSource(path).fail(error.mark, printable(error.msg));
  }
}

}  // namespace

RuleSet read_rules(FamilyRules const& family) {
  auto const read = [](RuleSet base, std::string const& file, std::string const& text) {
    return parse(text, file, [&](YAML::Node const& document) { return Reader(file, std::move(base)).read(document); });
  };
  RuleSet set;
  for (auto base = family.bases.rbegin(); base != family.bases.rend(); ++base) {
    set = read(std::move(set), base->file, base->text);
  }
  return read(std::move(set), family.file, family.text);
}

RuleFileHead read_head(std::string_view text, std::string const& path) {
  return parse(text, path, [&](YAML::Node const& document) {
    YamlSource const source(path);
    if (!document.IsMap()) source.fail(document.Mark(), "a rule file must be a map of keys and values");
    RuleFileHead head;
    if (auto const types = document["model_types"]) {
      for (auto const& type : read_list(types)) head.model_types.push_back(read_text(source, type));
    }
    if (auto const keys = document["config_keys"]) {
      for (auto const& key : read_list(keys)) head.config_keys.push_back(read_text(source, key));
    }
    if (auto const extends = document["extends"]) head.extends = read_text(source, extends);
    return head;
  });
}

}  // namespace distload::rules
