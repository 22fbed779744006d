// Prints which rank holds what.
#include "inspect/render.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "base/text.hpp"
#include "inspect/html.hpp"
#include "inspect/name_parts.hpp"

namespace distload {
namespace {

constexpr std::size_t kMostCellsOfStage = 64;
constexpr std::size_t kMostCellsInRow = 8;
constexpr std::size_t kFewCells = 4;  ///< fit beside the names of what they hold
constexpr std::size_t kShownLayers = 600;

/// A small picture of a matrix and its first part; empty where there is none.
std::string picture_of(HeldKind const& kind) {
  constexpr std::uint32_t kMostLines = 8;
  constexpr double kSize = 24;
  bool const is_cut = kind.parts > 1 && !kind.is_one_part;
  auto html = std::string(
      "<svg class=\"cut\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><rect class=\"whole\" width=\"24\" "
      "height=\"24\"/>");
  if (!is_cut) return html + "<rect class=\"first\" width=\"24\" height=\"24\"/></svg>";
  bool const is_of_rows = kind.shape.size() < 2 || kind.axis + 1 < kind.shape.size();
  auto const parts = std::min(kind.parts, kMostLines);
  auto const part = kSize / parts;
  html += is_of_rows ? fmt::format("<rect class=\"first\" width=\"24\" height=\"{:.1f}\"/><path d=\"", part)
                     : fmt::format("<rect class=\"first\" width=\"{:.1f}\" height=\"24\"/><path d=\"", part);
  for (std::uint32_t line = 1; line < parts; ++line) {
    html += is_of_rows ? fmt::format("M0 {:.1f}h24", line * part) : fmt::format("M{:.1f} 0v24", line * part);
  }
  return html + "\"/></svg>";
}

std::string cut_text(HeldKind const& kind) {
  if (kind.is_one_part) return fmt::format("each whole in one of {} groups of ranks", kind.parts);
  if (kind.cut == PartitionKind::replicated) return "whole on every rank";
  if (kind.parts == 1) return "whole: one part";
  return fmt::format("{}: {} parts along axis {}", name_of(kind.cut), kind.parts, kind.axis);
}

std::string rank_cell(HeldRanks const& ranks, Holding const& holding) {
  auto const& topology = holding.topology;
  bool const is_single = ranks.first == ranks.last;
  auto html = std::string("<li class=\"rank\"><b>") +
              (is_single ? fmt::format("Rank {}", ranks.first) : fmt::format("Ranks {}-{}", ranks.first, ranks.last)) +
              "</b>";
  if (is_single) {
    auto const at = coordinates_of(topology, ranks.first);
    html += fmt::format("<small>tensor {}{}</small>", at.tensor,
                        topology.data_parallel > 1 ? fmt::format(", replica {}", at.data) : std::string());
  }
  html += fmt::format("<span>{}{}</span>", format_bytes(ranks.each.resident_bytes), is_single ? "" : " each");
  html += bar(ranks.each.resident_bytes, holding.most_resident_bytes);
  html += fmt::format("<small>{} {}</small></li>\n", is_single ? "reads" : "reads up to",
                      format_bytes(ranks.each.read_bytes));
  return html;
}

std::string stage_of(Holding const& holding, std::size_t number) {
  auto const& stage = holding.stages[number];
  std::string holds = html_text(stage.layers, kShownLayers);
  for (auto const& module : stage.modules)
    holds += (holds.empty() ? "<code>" : ", <code>") + html_name(module) + "</code>";
  auto html =
      fmt::format("<div class=\"stage{}\"><div><h4>{}</h4><p>{}</p></div><ul class=\"ranks\" style=\"--columns:{}\">\n",
                  stage.ranks.size() <= kFewCells ? " few" : "",
                  holding.topology.pipeline_parallel > 1 ? fmt::format("Stage {}", number) : "All ranks",
                  holds.empty() ? "nothing" : holds,
                  std::clamp<std::size_t>(holding.topology.tensor_parallel, kFewCells, kMostCellsInRow));
  for (std::size_t i = 0; i < stage.ranks.size(); ++i) {
    if (i == kMostCellsOfStage) {
      html += fmt::format("<li class=\"rank\">and ranks {}-{}</li>\n", stage.ranks[i].first, stage.ranks.back().last);
      break;
    }
    html += rank_cell(stage.ranks[i], holding);
  }
  return html + "</ul></div>\n";
}

std::string kinds_table(Holding const& holding) {
  bool const has_stages = holding.topology.pipeline_parallel > 1;
  std::vector<std::string_view> head{"Parameters",    "#How many",    "Type",        "Whole",
                                     "How it is cut", "Largest part", "#Bytes of it"};
  if (has_stages) head.push_back("Stages");
  auto html = table_begin("How parameters are cut", head);
  for (auto const& kind : holding.kinds) {
    html += fmt::format(
        "<tr><th scope=\"row\"><code>{}</code></th><td class=\"number\">{}</td><td>{}</td><td "
        "class=\"shape\">{}</td><td><div "
        "class=\"how\">{}<span>{}</span></div></td><td class=\"shape\">{}</td><td class=\"number\">{}</td>",
        html_name(kind.name), grouped(kind.count), name_of(kind.dtype), to_string(kind.shape), picture_of(kind),
        cut_text(kind), to_string(kind.shard), format_bytes(kind.shard_bytes));
    if (has_stages) html += "<td>" + ranges_text(kind.stages, kMostRanges) + "</td>";
    html += "</tr>\n";
  }
  if (holding.unlisted_kinds > 0) {
    html += fmt::format("<tr><td colspan=\"{}\">and {}</td></tr>\n", head.size(),
                        counted(holding.unlisted_kinds, "smaller kind"));
  }
  return html + table_end();
}

std::string holding_of(Holding const& holding, std::size_t number, Bytes model) {
  auto html = fmt::format(
      "<section class=\"topology\" id=\"topology-{}\"><h3>{}</h3>\n<p>One rank holds at most <b>{}</b>, all ranks "
      "together "
      "{} ({} times the model). A load reads {} from files{}. Rules of the family <code>{}</code>.</p>\n",
      number, topology_text(holding.topology), format_bytes(holding.most_resident_bytes),
      format_bytes(holding.resident_bytes), scaled(holding.resident_bytes, model, 1), format_bytes(holding.read_bytes),
      holding.exchanged_bytes > 0 ? ", and ranks exchange " + format_bytes(holding.exchanged_bytes) : std::string(),
      html_text(holding.family));
  for (std::size_t stage = 0; stage < holding.stages.size(); ++stage) html += stage_of(holding, stage);
  if (holding.topology.pipeline_parallel > holding.stages.size()) {
    html += "<p>and " + counted(holding.topology.pipeline_parallel - holding.stages.size(), "further stage") + "</p>\n";
  }
  html += kinds_table(holding);
  if (!holding.notes.empty()) {
    html += "<ul class=\"notes\">\n";
    for (auto const& note : holding.notes) html += "<li>" + html_text(note, kShownLayers) + "</li>\n";
    html += "</ul>\n";
  }
  return html + "</section>\n";
}

std::string refused_of(std::vector<Refused> const& refused) {
  if (refused.empty()) return {};
  std::string html =
      "<details class=\"refused\"><summary>" +
      (refused.size() == 1 ? std::string("1 other topology") : grouped(refused.size()) + " other topologies") +
      (refused.size() == 1 ? " does" : " do") + " not fit this model</summary><dl>\n";
  for (auto const& [topology, why] : refused) {
    html += "<dt>" + topology_text(topology) + "</dt><dd class=\"lines\">" + html_lines(why) + "</dd>\n";
  }
  return html + "</dl></details>\n";
}

}  // namespace

std::string ranks_section(Page const& page) {
  std::string html = "<section id=\"ranks\"><h2>Ranks</h2>\n";
  if (page.holdings.empty()) html += "<p>This page has no topology that fits the model.</p>\n";
  if (page.holdings.size() > 1) {
    html += "<p class=\"tools\" hidden><label>Topology <select id=\"topology\">";
    for (std::size_t i = 0; i < page.holdings.size(); ++i) {
      html += fmt::format("<option value=\"topology-{}\">{}</option>", i, topology_text(page.holdings[i].topology));
    }
    html += "</select></label></p>\n";
  }
  for (std::size_t i = 0; i < page.holdings.size(); ++i) html += holding_of(page.holdings[i], i, page.nbytes);
  return html + refused_of(page.refused) + "</section>\n";
}

}  // namespace distload
