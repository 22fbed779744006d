// Converts YAML to Formats.
#include "partition/rules/format_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "base/text.hpp"
#include "partition/rules/size_reader.hpp"

namespace distload::rules {
namespace {

constexpr std::string_view kOut = "out";
constexpr std::string_view kIn = "in";
/// Blocks of any size.
constexpr std::string_view kAnyBlock = "*";
/// Of bits, and of elements in a group.
constexpr std::uint64_t kMaxSizeByModule = 1024;
/// The weight that a tensor stands beside, if the entry names no other.
constexpr char const* kDefaultWeight = "*.weight";

std::optional<WeightAxis> axis_named(std::string_view text) {
  if (text == kOut) return WeightAxis::out;
  if (text == kIn) return WeightAxis::in;
  return std::nullopt;
}

std::string_view without_spaces(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// Reads the entries of one format.
class FormatReader {
 public:
  FormatReader(YamlSource const& source, ReadConditions const& read_when)
      : source_(source), read_when_(read_when), sizes_(source, {}) {}

  Format read(std::string name, YAML::Node const& node) {
    YamlFields const fields(source_, node, "a format",
                            {"when", "sizes", "by_module", "weight", "beside", "blocks", "refused", "written"});
    Format format;
    format.name = std::move(name);
    format.location = fields.location();
    if (auto const when = fields.find("when")) format.when = read_when_(when);
    if (auto const sizes = fields.find("sizes")) sizes_.read(sizes);
    format.sizes = sizes_.definitions();
    if (auto const weight = fields.find("weight")) format.weight = read_weight(weight);
    if (auto const by_module = fields.find("by_module")) {
      if (!format.weight) fields.fail("`by_module` is for formats that pack weights");
      format.by_module = read_by_module(by_module);
    }
    if (auto const beside = fields.find("beside")) {
      for (auto const& entry : read_list(beside)) format.beside.push_back(read_tensor(entry));
    }
    if (auto const blocks = fields.find("blocks")) {
      if (!blocks.IsSequence() || blocks.size() != 2) source_.fail(blocks.Mark(), "`blocks` are two sizes: [out, in]");
      format.out_block = sizes_.read_expression(blocks[0]);
      format.in_block = sizes_.read_expression(blocks[1]);
    }
    if (auto const refused = fields.find("refused")) {
      for (auto const& entry : read_list(refused)) format.refused.push_back(read_refusal(entry));
    }
    if (auto const written = fields.find("written")) {
      for (auto const& entry : read_list(written)) format.written.push_back(read_written(entry, format));
    }
    return format;
  }

 private:
  /// A name whose only star is its first character.
  std::string read_ending(YAML::Node const& node) const {
    auto const text = read_text(source_, node);
    if (!text.starts_with('*') || text.find('*', 1) != std::string::npos) {
      source_.fail(node.Mark(), "`" + printable(text) + "` is no name with * in front, which stands for the rest");
    }
    return text.substr(1);
  }

  std::vector<FormatName> read_names(YamlFields const& fields) const {
    auto const of = fields.has("of") ? fields.find("of") : YAML::Node(kDefaultWeight);
    std::vector<FormatName> names;
    for (auto const& name : read_list(fields.require("name"))) {
      for (auto const& weight : read_list(of)) names.push_back({read_ending(name), read_ending(weight)});
    }
    return names;
  }

  FormatWeight read_weight(YAML::Node const& node) const {
    YamlFields const fields(source_, node, "the `weight` of a format", {"name", "of", "dtype", "shape"});
    auto names = read_names(fields);
    if (names.size() != 1) fields.fail("the `weight` of a format has one `name` and one `of`");
    FormatWeight weight{std::move(names.front()), {}, read_shape(fields.require("shape"))};
    for (auto const& entry : read_list(fields.require("dtype"))) weight.dtypes.push_back(read_dtype(source_, entry));
    for (auto const wanted : {WeightAxis::out, WeightAxis::in}) {
      if (std::ranges::count(weight.shape, std::optional(wanted), &FormatAxis::follows) != 1) {
        fields.fail("the `shape` of a weight needs `out` and `in` once each");
      }
    }
    if (std::ranges::any_of(weight.shape, [](FormatAxis const& axis) { return !axis.block; })) {
      fields.fail("the `shape` of a weight has no `/ *`: its own size must follow from it");
    }
    return weight;
  }

  SizeByModule read_by_module(YAML::Node const& node) const {
    if (!node.IsMap() || node.size() != 1)
      source_.fail(node.Mark(), "`by_module` is one size and a list of its values");
    SizeByModule size;
    size.name = read_text(source_, node.begin()->first);
    if (std::ranges::find(sizes_.definitions(), size.name, &SizeDefinition::name) == sizes_.definitions().end()) {
      source_.fail(node.Mark(), "`" + printable(size.name) + "` is none of the format's sizes");
    }
    for (auto const& entry : read_list(node.begin()->second)) {
      size.values.push_back(read_number(source_, entry, 1, kMaxSizeByModule));
    }
    return size;
  }

  WrittenFormat read_written(YAML::Node const& node, Format const& format) const {
    YamlFields const fields(source_, node, "an entry of `written`",
                            {"name", "config", "when", "only", "dtype", "beside"});
    WrittenFormat written;
    written.name = read_text(source_, fields.require("name"));
    written.config = read_text(source_, fields.require("config"));
    if (auto const when = fields.find("when")) written.when = read_when_(when);
    if (auto const only = fields.find("only")) {
      for (auto const& text : read_list(only)) written.only.push_back(read_text(source_, text));
    }
    if (auto const dtype = fields.find("dtype")) written.dtype = read_dtype(source_, dtype);
    if (format.weight.has_value() == written.dtype.has_value()) {
      fields.fail("`dtype` is that of weights which the format does not pack");
    }
    for (auto const& entry : read_list(fields.require("beside"))) written.beside.push_back(read_written_tensor(entry));
    return written;
  }

  WrittenTensor read_written_tensor(YAML::Node const& node) const {
    YamlFields const fields(source_, node, "a tensor beside a written weight",
                            {"name", "of", "dtype", "shape", "content", "when"});
    auto names = read_names(fields);
    if (names.size() != 1) fields.fail("a written tensor has one `name` and one `of`");
    WrittenTensor tensor;
    tensor.name = std::move(names.front());
    tensor.shape = read_shape(fields.require("shape"));
    if (std::ranges::any_of(tensor.shape, [](FormatAxis const& axis) { return !axis.block; })) {
      fields.fail("the `shape` of a written tensor has no `/ *`: its size must follow from it");
    }
    if (auto const dtype = fields.find("dtype")) tensor.dtype = read_dtype(source_, dtype);
    if (auto const when = fields.find("when")) tensor.when = read_when_(when);
    if (auto const content = fields.find("content")) {
      auto const text = read_text(source_, content);
      if (text != "shape" && text != "groups") source_.fail(content.Mark(), "`content` is `shape` or `groups`");
      tensor.content = text == "shape" ? FormatContent::shape : FormatContent::groups;
    }
    return tensor;
  }

  FormatTensor read_tensor(YAML::Node const& node) const {
    YamlFields const fields(source_, node, "a tensor beside a weight", {"name", "of", "shape"});
    FormatTensor tensor;
    tensor.location = fields.location();
    tensor.names = read_names(fields);
    auto const shape = fields.require("shape");
    auto const is_list = shape.IsSequence() && shape.size() > 0 && shape[0].IsSequence();
    for (auto const& entry : is_list ? read_list(shape) : std::vector<YAML::Node>{shape}) {
      tensor.shapes.push_back(read_shape(entry));
      tensor.text += tensor.text.empty() ? "[" : " or [";
      for (std::size_t i = 0; i < entry.size(); ++i) tensor.text += (i == 0 ? "" : ", ") + entry[i].Scalar();
      tensor.text += "]";
    }
    return tensor;
  }

  FormatShape read_shape(YAML::Node const& node) const {
    if (!node.IsSequence()) source_.fail(node.Mark(), "expected a list of axes, such as [out, in / 8]");
    FormatShape shape;
    for (auto const& axis : node) shape.push_back(read_axis(axis));
    return shape;
  }

  FormatAxis read_axis(YAML::Node const& node) const {
    auto const text = read_text(source_, node);
    auto const slash = text.find('/');
    auto const left = std::string_view(text).substr(0, slash);
    auto const star = left.find('*');
    auto const axis = axis_named(without_spaces(left.substr(0, star)));
    auto const block = slash == std::string::npos ? (axis ? "1" : without_spaces(text))
                                                  : without_spaces(std::string_view(text).substr(slash + 1));
    auto const is_ratio = star != std::string_view::npos;
    if ((!axis && slash != std::string::npos) || (is_ratio && (slash == std::string::npos || block == kAnyBlock))) {
      source_.fail(node.Mark(),
                   "`" + printable(text) + "` is no axis: write `out / 8`, `in * 3 / 32`, `in / *` or a number");
    }
    if (axis && block == kAnyBlock) return {axis, std::nullopt, std::nullopt};
    FormatAxis read{axis, read_size(node, block), std::nullopt};
    if (is_ratio) read.stored = read_size(node, without_spaces(left.substr(star + 1)));
    return read;
  }

  /// A size in an axis: a number, a key of config.json, or one of the format's sizes.
  Expression read_size(YAML::Node const& node, std::string_view size) const {
    try {
      auto const term = parse_term(size);
      for (auto const* operand : {&term.left, &term.right}) {
        if (operand->kind == Operand::Kind::size && !sizes_.is_defined(operand->name)) {
          source_.fail(node.Mark(), "`" + printable(operand->name) + "` is none of the format's `sizes`");
        }
      }
      return {{term}, std::string(size)};
    } catch (std::invalid_argument const& error) {
      source_.fail(node.Mark(), error.what());
    }
  }

  FormatRefusal read_refusal(YAML::Node const& node) const {
    YamlFields const fields(source_, node, "an entry of `refused`", {"when", "cut", "reason"});
    FormatRefusal refusal;
    if (auto const when = fields.find("when")) refusal.when = read_when_(when);
    if (auto const cut = fields.find("cut")) {
      refusal.cut = axis_named(read_text(source_, cut));
      if (!refusal.cut) source_.fail(cut.Mark(), "`cut` is `out` or `in`");
    }
    refusal.reason = read_text(source_, fields.require("reason"));
    return refusal;
  }

  YamlSource const& source_;
  ReadConditions const& read_when_;
  SizeReader sizes_;
};

}  // namespace

std::optional<std::string> FormatName::weight_of(std::string_view name) const {
  if (name.empty() || (!ending.empty() && name.back() != ending.back()) || !name.ends_with(ending)) return std::nullopt;
  return std::string(name.substr(0, name.size() - ending.size())) + of_weight;
}

std::optional<std::string> FormatName::beside(std::string_view weight) const {
  if (!weight.ends_with(of_weight)) return std::nullopt;
  return std::string(weight.substr(0, weight.size() - of_weight.size())) + ending;
}

std::vector<Format> read_formats(YamlSource const& source, YAML::Node const& node, ReadConditions const& read_when) {
  if (!node.IsMap()) source.fail(node.Mark(), "`formats` must be a map of names and formats");
  std::vector<Format> formats;
  for (auto const& entry : node) {
    formats.push_back(FormatReader(source, read_when).read(read_text(source, entry.first), entry.second));
  }
  return formats;
}

}  // namespace distload::rules
