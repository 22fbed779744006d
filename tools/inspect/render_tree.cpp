// Prints the modules as nested lists that open and close without a script.
#include "inspect/render.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "base/text.hpp"
#include "inspect/html.hpp"

namespace distload {
namespace {

/// Rows with more rows below them are closed at first, and so are those at this depth.
constexpr std::size_t kMostOpenRows = 16;
constexpr std::size_t kClosedDepth = 2;
constexpr std::uint64_t kMostOpenDamage = 50;

std::string dtypes_text(std::vector<DType> const& dtypes) {
  constexpr std::size_t kMostDTypes = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(dtypes.size(), kMostDTypes); ++i) {
    text += (text.empty() ? "" : ", ") + std::string(name_of(dtypes[i]));
  }
  return text + (dtypes.size() > kMostDTypes ? ", ..." : "");
}

std::string cells_of(TreeRow const& row, Bytes whole) {
  std::string html = "<span class=\"name\"><code>" + html_name(row.name) + "</code>";
  if (row.alike > 1) html += " <b class=\"alike\">" + grouped(row.alike) + " alike</b>";
  html += " <small>" + dtypes_text(row.dtypes);
  if (row.is_tensor) html += " " + to_string(row.shape);
  html += "</small>";
  if (row.damaged > 0) html += " <strong class=\"bad\">" + counted(row.damaged, "damaged block") + "</strong>";
  html += "</span>";
  html += "<span class=\"tensors\">" + counted(row.tensors, "tensor") + "</span>";
  html += "<span class=\"each\">" + (row.copies > 1 ? format_bytes(row.nbytes / row.copies) + " each" : std::string()) +
          "</span>";
  html += "<span class=\"bytes\">" + format_bytes(row.nbytes) + "</span>";
  html += "<span class=\"share\"><span class=\"percent\">" + share_text(row.nbytes, whole) + "</span>" +
          bar(row.nbytes, whole) + "</span>";
  return html;
}

/// The way to what is damaged is open, unless that is much.
bool is_open(TreeRow const& row, std::size_t depth) {
  return (row.damaged > 0 && row.damaged <= kMostOpenDamage) ||
         (depth < kClosedDepth && row.children.size() <= kMostOpenRows);
}

void add_rows(std::string& html, TreeRow const& row, Bytes whole, std::size_t depth);

void add_row(std::string& html, TreeRow const& row, Bytes whole, std::size_t depth) {
  auto const cells = cells_of(row, whole);
  if (row.children.empty()) {
    // Rows below it did not fit on the page.
    auto const more = row.unlisted_rows > 0 ? " <small>(what it holds is not on this page)</small>" : "";
    html += fmt::format("<li><div class=\"row leaf\" style=\"--depth:{}\">{}{}</div></li>\n", depth, cells, more);
    return;
  }
  html += fmt::format("<li><details{}><summary class=\"row\" style=\"--depth:{}\">{}</summary>",
                      is_open(row, depth) ? " open" : "", depth, cells);
  add_rows(html, row, whole, depth + 1);
  html += "</details></li>\n";
}

void add_rows(std::string& html, TreeRow const& row, Bytes whole, std::size_t depth) {
  html += "<ul>\n";
  for (auto const& child : row.children) add_row(html, child, whole, depth);
  if (row.unlisted_rows > 0) {
    html += fmt::format("<li><div class=\"row leaf more\" style=\"--depth:{}\">and {} with {} and {}</div></li>\n",
                        depth, counted(row.unlisted_rows, "smaller row"), counted(row.unlisted_tensors, "tensor"),
                        format_bytes(row.unlisted_bytes));
  }
  html += "</ul>";
}

}  // namespace

std::string tree_section(Page const& page) {
  std::string html =
      "<section id=\"modules\"><h2>Modules</h2>\n<p>Layers and experts that differ only in their number are one row; "
      "its "
      "bytes are those of all of them.</p>\n"
      "<div class=\"tools\" hidden><label>Find <input type=\"search\" id=\"find\" placeholder=\"q_proj, "
      "BF16\"></label> "
      "<button type=\"button\" id=\"open-all\">Open all</button> <button type=\"button\" id=\"close-all\">Close "
      "all</button> <span id=\"found\" role=\"status\"></span></div>\n"
      "<div class=\"row heading\" aria-hidden=\"true\"><span class=\"name\">Module or tensor</span><span "
      "class=\"tensors\">Tensors</span><span class=\"each\">Each</span><span class=\"bytes\">Together</span><span "
      "class=\"share\">Share</span></div>\n<div class=\"tree\">";
  add_rows(html, page.tree, page.nbytes, 0);
  return html + "</div></section>\n";
}

}  // namespace distload
