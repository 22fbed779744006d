// Prints the frame of the page: head, facts, warnings and limits.
#include "inspect/render.hpp"

#include <fmt/core.h>

#include <distload/version.hpp>

#include "base/text.hpp"
#include "inspect/html.hpp"

namespace distload {
namespace {

constexpr std::size_t kMostWarnings = 50;
constexpr std::size_t kShownText = 500;

/// Hatches for what colours say, referred to by the style sheet.
constexpr std::string_view kPatterns =
    "<svg class=\"defs\" aria-hidden=\"true\"><defs>"
    "<pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
    "<rect class=\"unverified-ground\" width=\"6\" height=\"6\"/><rect class=\"unverified-line\" width=\"2\" "
    "height=\"6\"/></pattern></defs></svg>\n";

std::string head_of(Page const& page) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "script-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"generator\" content=\"distload {}\">\n"
      "<title>{} - distload</title>\n<style>\n{}</style>\n</head>\n",
      page_script_hash(), DISTLOAD_VERSION, html_text(page.title), page_style());
}

std::string facts_of(Page const& page) {
  std::string html = "<dl class=\"facts\">\n";
  for (auto const& [what, value] : page.facts) {
    html += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", html_text(what), html_text(value, kShownText));
  }
  return html + "</dl>\n";
}

std::string warnings_of(Page const& page) {
  if (page.warnings.empty() && page.unreadable == 0) return {};
  std::string html = "<section class=\"notice\" aria-label=\"Warnings\"><h2>Warnings</h2><ul>\n";
  std::size_t count = 0;
  for (auto const& warning : page.warnings) {
    if (count++ == kMostWarnings) {
      html += "<li>and " + grouped(page.warnings.size() - kMostWarnings) + " more</li>\n";
      break;
    }
    html += "<li>" + html_text(warning, kShownText) + "</li>\n";
  }
  if (page.unreadable > 0) {
    html += "<li>" + counted(page.unreadable, "tensor") +
            " cannot be loaded and are not on this page; distload-inspect --tensors lists them</li>\n";
  }
  return html + "</ul></section>\n";
}

std::string limits_text() {
  TreeLimits const limits;
  return fmt::format(
      "<footer><p>Made by distload {}. This page fetches nothing and can be sent as it is. So that it stays small, "
      "modules "
      "that differ only in their number are one row, and it has at most {} rows of modules ({} below one module), {} "
      "charts of layers, {} pipeline stages, {} kinds of parameters, {} files and {} damaged tensors. What is left out "
      "is counted "
      "where it is missing; <code>distload-inspect --json</code> has everything.</p></footer>\n",
      DISTLOAD_VERSION, grouped(limits.rows), limits.children, kMostStacks, kMostHeldStages, kMostHeldKinds,
      kMostMappedFiles, kMostMappedTensors);
}

}  // namespace

std::string bar(std::uint64_t part, std::uint64_t whole) {
  return "<span class=\"bar\" aria-hidden=\"true\"><i style=\"width:" + scaled(part, whole, 100) + "%\"></i></span>";
}

std::string table_begin(std::string_view caption, std::vector<std::string_view> const& head) {
  auto html = fmt::format(
      "<div class=\"scroll\" role=\"region\" aria-label=\"{0}\" "
      "tabindex=\"0\"><table><caption>{0}</caption><thead><tr>",
      html_text(caption));
  for (auto const cell : head) {
    bool const is_number = cell.starts_with('#');
    html += fmt::format("<th scope=\"col\"{}>{}</th>", is_number ? " class=\"number\"" : "",
                        html_text(is_number ? cell.substr(1) : cell));
  }
  return html + "</tr></thead><tbody>\n";
}

std::string table_end() { return "</tbody></table></div>\n"; }

std::string topology_text(Topology const& topology) {
  auto text = fmt::format("{}: {} tensor × {} pipeline × {} data", counted(topology.ranks(), "rank"),
                          topology.tensor_parallel, topology.pipeline_parallel, topology.data_parallel);
  if (topology.expert_parallel > 1) text += fmt::format(", {} expert groups", topology.expert_parallel);
  return text;
}

std::string html_of(Page const& page) {
  return head_of(page) + "<body>\n" + kPatterns.data() + "<header><p class=\"kind\">Checkpoint</p><h1>" +
         html_text(page.title) + "</h1>\n" + facts_of(page) +
         "<nav aria-label=\"Sections\"><a href=\"#modules\">Modules</a> <a href=\"#sizes\">Sizes</a> "
         "<a href=\"#ranks\">Ranks</a> <a href=\"#blocks\">Blocks</a></nav></header>\n<main>\n" +
         warnings_of(page) + tree_section(page) + sizes_section(page) + ranks_section(page) + blocks_section(page) +
         "</main>\n" + limits_text() + "<script>" + std::string(page_script()) + "</script>\n</body>\n</html>\n";
}

}  // namespace distload
