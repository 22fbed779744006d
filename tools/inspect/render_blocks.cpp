// Prints which blocks are damaged.
#include "inspect/render.hpp"

#include <fmt/core.h>

#include "base/text.hpp"
#include "inspect/html.hpp"
#include "inspect/name_parts.hpp"

namespace distload {
namespace {

constexpr std::size_t kMostDamage = 200;
constexpr std::size_t kShownReason = 500;

char const* class_of(BlockState state) {
  switch (state) {
    case BlockState::damaged: return "damaged";
    case BlockState::unverified: return "unverified";
    default: return "verified";
  }
}

std::string strip_of(Strip const& strip, std::string const& label) {
  auto html = fmt::format(
      "<svg class=\"strip\" viewBox=\"0 0 {} 10\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">",
      strip.cells, html_text(label));
  for (auto const& run : strip.runs) {
    html += fmt::format("<rect class=\"{}\" x=\"{}\" width=\"{}\" height=\"10\"/>", class_of(run.state), run.first,
                        run.count);
  }
  return html + "</svg>";
}

std::string verdict_of(FileHealth const& file) {
  if (file.damaged > 0) return counted(file.damaged, "damaged block");
  if (file.unverified == file.blocks) return file.blocks == 0 ? "no blocks" : "no checksums";
  return file.unverified > 0 ? counted(file.unverified, "block") + " without checksums" : "verified";
}

std::string files_table(BlockMap const& map) {
  auto html = table_begin("Blocks by file",
                          {"File", "#Bytes", "#Blocks", "Result", "Map, from the file's beginning to its end"});
  for (auto const& file : map.files) {
    auto const verdict = verdict_of(file);
    html += fmt::format(
        "<tr><th scope=\"row\"><code>{}</code></th><td class=\"number\">{}</td><td "
        "class=\"number\">{}</td><td{}>{}</td><td "
        "class=\"wide\">{}</td></tr>\n",
        html_name(file.path), format_bytes(file.size_bytes), grouped(file.blocks),
        file.damaged > 0 ? " class=\"bad\"" : "", verdict, strip_of(file.strip, verdict));
  }
  if (map.unlisted_files > 0)
    html += "<tr><td colspan=\"5\">and " + counted(map.unlisted_files, "further file") + "</td></tr>\n";
  return html + table_end();
}

std::string tensors_table(BlockMap const& map) {
  if (map.tensors.empty()) return {};
  auto html = std::string("<h3>Damaged tensors</h3>\n") +
              table_begin("Damaged tensors",
                          {"Tensor", "#Blocks", "Damaged, counted from 0", "Map, from its first block to its last"});
  for (auto const& tensor : map.tensors) {
    auto const numbers = (tensor.damaged.size() == 1 ? "block " : "blocks ") + ranges_text(tensor.damaged, 12);
    html += fmt::format(
        "<tr><th scope=\"row\"><code>{}</code></th><td class=\"number\">{}</td><td class=\"bad\">{}</td><td "
        "class=\"wide\">{}</td></tr>\n",
        html_name(tensor.name), grouped(tensor.blocks), numbers, strip_of(tensor.strip, numbers));
  }
  if (map.damaged_tensors > map.tensors.size()) {
    html += "<tr><td colspan=\"4\">and " + counted(map.damaged_tensors - map.tensors.size(), "further tensor") +
            "</td></tr>\n";
  }
  return html + table_end();
}

std::string messages_of(BlockMap const& map) {
  if (map.health.damage.empty()) return {};
  std::string html = "<details><summary>What the check says of each block</summary><ul class=\"notes\">\n";
  for (std::size_t i = 0; i < map.health.damage.size(); ++i) {
    if (i == kMostDamage) {
      html += "<li>and " + counted(map.health.damage.size() - kMostDamage, "further block") + "</li>\n";
      break;
    }
    html += "<li>" + html_text(map.health.damage[i].reason, kShownReason) + "</li>\n";
  }
  return html + "</ul></details>\n";
}

std::string_view verdict_of(std::string_view state) {
  if (state == "verified") return "Nothing is damaged";
  if (state == "damaged") return "Damaged";
  return state == "unreadable" ? "Cannot be read" : "Not verified";
}

std::string legend() {
  return "<p class=\"legend\"><span><svg class=\"key\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect "
         "class=\"verified\" "
         "width=\"10\" height=\"10\"/></svg>verified</span> <span><svg class=\"key\" viewBox=\"0 0 10 10\" "
         "aria-hidden=\"true\"><rect class=\"unverified\" width=\"10\" height=\"10\"/></svg>without checksums</span> "
         "<span><svg class=\"key\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"damaged\" width=\"10\" "
         "height=\"10\"/></svg>damaged; a cell with any damaged block has this colour</span></p>\n";
}

}  // namespace

std::string blocks_section(Page const& page) {
  std::string html = "<section id=\"blocks\"><h2>Blocks</h2>\n";
  if (!page.blocks) {
    html += page.checksummed_bytes > 0
                ? "<p>The blocks have not been compared with their checksums: <code>distload-inspect --verify</code> "
                  "does so.</p>\n"
                : "<p>The files have no checksums; <code>distload-verify --seal</code> makes them.</p>\n";
    return html + "</section>\n";
  }
  auto const& map = *page.blocks;
  auto const state = std::string_view(state_of(map.health));
  bool const is_good = state == "verified";
  html += fmt::format("<p class=\"verdict {}\"><b>{}.</b> {}.</p>\n", is_good ? "good" : "bad", verdict_of(state),
                      html_text(summary_of(map.health), kShownReason));
  if (state == "not_verified") return html + "</section>\n";
  for (auto const& file : map.damaged_files) {
    html += "<p class=\"bad\">The model's file <code>" + html_text(file) + "</code> is damaged.</p>\n";
  }
  return html + legend() + files_table(map) + tensors_table(map) + messages_of(map) + "</section>\n";
}

}  // namespace distload
