// Prints the bytes by type, by layer, and outside of layers.
#include "inspect/render.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include <fmt/core.h>

#include "base/text.hpp"
#include "inspect/html.hpp"
#include "inspect/name_parts.hpp"

namespace distload {
namespace {

constexpr std::size_t kMostColours = 5;  ///< further types share the last one
constexpr std::size_t kMostColumns = 200;
constexpr std::size_t kMostRuns = 60;
constexpr std::size_t kMostRows = 40;
constexpr double kChartWidth = 1000;
constexpr double kChartHeight = 140;
constexpr double kWidestColumn = 60;
constexpr double kFilled = 0.8;  ///< of a column; the rest is a gap

/// The number of a type's colour: the types with most bytes have colours of their own.
class Colours {
 public:
  explicit Colours(SizeByDType const& all) {
    for (auto const& [dtype, size] : all) order_.push_back(dtype);
    std::ranges::stable_sort(order_, std::greater<>(), [&](DType dtype) { return all.at(dtype).nbytes; });
  }
  std::vector<DType> const& order() const noexcept { return order_; }
  std::size_t of(DType dtype) const {
    auto const index = static_cast<std::size_t>(std::ranges::find(order_, dtype) - order_.begin());
    return std::min(index, kMostColours);
  }

 private:
  std::vector<DType> order_;
};

std::string swatch(std::size_t colour) {
  return fmt::format("<i class=\"swatch c{}\" aria-hidden=\"true\"></i>", colour);
}

std::string dtype_table(Page const& page, Colours const& colours) {
  auto html = table_begin("Bytes by type", {"Type", "#Tensors", "#Bytes", "#Share", ""});
  for (auto const dtype : colours.order()) {
    auto const& size = page.sizes.all.at(dtype);
    html += fmt::format(
        "<tr><th scope=\"row\">{}{}</th><td class=\"number\">{}</td><td class=\"number\">{}</td><td "
        "class=\"number\">{}</td><td class=\"wide\"><span class=\"bar\" aria-hidden=\"true\"><i class=\"c{}\" "
        "style=\"width:{}%\"></i></span></td></tr>\n",
        swatch(colours.of(dtype)), name_of(dtype), grouped(size.tensors), format_bytes(size.nbytes),
        share_text(size.nbytes, page.nbytes), colours.of(dtype), scaled(size.nbytes, page.nbytes, 100));
  }
  return html + table_end();
}

/// The bytes of every layer, or of the largest of neighbouring layers if there are many.
std::vector<SizeByDType const*> columns_of(LayerStack const& stack) {
  std::vector<SizeByDType const*> layers;
  for (auto const& run : stack.runs) layers.insert(layers.end(), run.numbers.size(), &run.each);
  auto const together = divide_up(layers.size(), kMostColumns);
  std::vector<SizeByDType const*> columns;
  for (std::size_t first = 0; first < layers.size(); first += together) {
    auto const end = std::min<std::size_t>(first + together, layers.size());
    columns.push_back(*std::ranges::max_element(layers.begin() + static_cast<std::ptrdiff_t>(first),
                                                layers.begin() + static_cast<std::ptrdiff_t>(end), {},
                                                [](SizeByDType const* size) { return nbytes_of(*size); }));
  }
  return columns;
}

std::string chart_of(LayerStack const& stack, Colours const& colours) {
  auto const columns = columns_of(stack);
  Bytes most = 1;
  for (auto const* column : columns) most = std::max(most, nbytes_of(*column));
  auto const step = std::min(kChartWidth / static_cast<double>(columns.size()), kWidestColumn);
  std::map<std::size_t, std::string> paths;  // by colour
  for (std::size_t i = 0; i < columns.size(); ++i) {
    double top = kChartHeight;
    for (auto const dtype : colours.order()) {
      auto const found = columns[i]->find(dtype);
      if (found == columns[i]->end() || found->second.nbytes == 0) continue;
      auto const height = kChartHeight * static_cast<double>(found->second.nbytes) / static_cast<double>(most);
      top -= height;
      paths[colours.of(dtype)] += fmt::format("M{:.1f} {:.1f}h{:.1f}v{:.1f}h-{:.1f}z", static_cast<double>(i) * step,
                                              top, step * kFilled, height, step * kFilled);
    }
  }
  auto const together = divide_up(stack.layers, kMostColumns);
  auto const scope = together > 1 ? fmt::format(", the largest of every {} layers", together) : std::string();
  auto const width = step * static_cast<double>(columns.size());
  auto html = fmt::format(
      "<figure style=\"max-width:max(20rem, {5:.1f}%)\"><svg class=\"columns\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "preserveAspectRatio=\"none\" role=\"img\" "
      "aria-label=\"Bytes of each layer{2}; the table below has the numbers\"><path class=\"grid\" d=\"M0 "
      "0.5h{0:.0f}M0 "
      "{3:.1f}h{0:.0f}M0 {4:.1f}h{0:.0f}\"/>",
      width, kChartHeight, scope, kChartHeight / 2, kChartHeight - 0.5, 100 * width / kChartWidth);
  for (auto const& [colour, path] : paths) html += fmt::format("<path class=\"c{}\" d=\"{}\"/>", colour, path);
  return html + fmt::format(
                    "</svg><figcaption><span>layer {}</span><span>top line: {}{}</span><span>layer "
                    "{}</span></figcaption></figure>\n",
                    stack.runs.front().numbers.front(), format_bytes(most), scope, stack.runs.back().numbers.back());
}

std::string size_text(SizeByDType const& size, Colours const& colours) {
  std::string html;
  for (auto const dtype : colours.order()) {
    auto const found = size.find(dtype);
    if (found == size.end()) continue;
    html += fmt::format("<span class=\"part\">{}{} {}</span> ", swatch(colours.of(dtype)), name_of(dtype),
                        format_bytes(found->second.nbytes));
  }
  return html;
}

std::string runs_table(LayerStack const& stack, Colours const& colours) {
  auto html = table_begin("Layers " + stack.name, {"Layers", "#How many", "#Each", "By type"});
  for (std::size_t i = 0; i < stack.runs.size(); ++i) {
    auto const& run = stack.runs[i];
    if (i == kMostRuns) {
      html += "<tr><td colspan=\"4\">and " + counted(stack.runs.size() - kMostRuns, "further change") +
              " of size between layers</td></tr>\n";
      break;
    }
    html += fmt::format(
        "<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td><td class=\"number\">{}</td><td>{}</td></tr>\n",
        ranges_text(run.numbers, kMostRanges), grouped(run.numbers.size()), format_bytes(nbytes_of(run.each)),
        size_text(run.each, colours));
  }
  return html + table_end();
}

std::string outside_table(Page const& page, Colours const& colours) {
  if (page.sizes.outside.empty()) return {};
  auto html = std::string("<h3>Outside of layers</h3>\n") +
              table_begin("Bytes outside of layers", {"Module", "#Bytes", "#Share", "By type"});
  for (std::size_t i = 0; i < std::min(page.sizes.outside.size(), kMostRows); ++i) {
    auto const& module = page.sizes.outside[i];
    html += fmt::format(
        "<tr><th scope=\"row\"><code>{}</code></th><td class=\"number\">{}</td><td "
        "class=\"number\">{}</td><td>{}</td></tr>\n",
        html_name(module.name), format_bytes(module.nbytes), share_text(module.nbytes, page.nbytes),
        size_text(module.size, colours));
  }
  if (page.sizes.outside.size() > kMostRows) {
    html += "<tr><td colspan=\"4\">and " + counted(page.sizes.outside.size() - kMostRows, "smaller module") +
            "</td></tr>\n";
  }
  return html + table_end();
}

}  // namespace

std::string sizes_section(Page const& page) {
  Colours const colours(page.sizes.all);
  auto html = "<section id=\"sizes\"><h2>Sizes</h2>\n<h3>By type</h3>\n" + dtype_table(page, colours);
  std::size_t count = 0;
  for (auto const& stack : page.sizes.stacks) {
    if (count++ == kMostStacks) {
      html += "<p>and " + counted(page.sizes.stacks.size() - kMostStacks, "smaller stack") + " of layers</p>\n";
      break;
    }
    html +=
        fmt::format("<h3><code>{}</code> {}, {}, {} of the model</h3>\n", html_name(stack.name),
                    counted(stack.layers, "layer"), format_bytes(stack.nbytes), share_text(stack.nbytes, page.nbytes));
    if (stack.layers > 1) html += chart_of(stack, colours);
    html += runs_table(stack, colours);
  }
  return html + outside_table(page, colours) + "</section>\n";
}

}  // namespace distload
