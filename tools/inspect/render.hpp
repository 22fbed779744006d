/// The sections of the page as HTML, and what they share. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/page.hpp"

namespace distload {

/// The page's style sheet, its script, and the script's SHA-256 in base64, for the page's security policy.
std::string_view page_style() noexcept;
std::string_view page_script() noexcept;
std::string_view page_script_hash() noexcept;

std::string tree_section(Page const& page);
std::string sizes_section(Page const& page);
std::string ranks_section(Page const& page);
std::string blocks_section(Page const& page);

/// The most stacks of layers that have a chart.
inline constexpr std::size_t kMostStacks = 12;

/// "8 ranks: 4 tensor x 2 pipeline x 1 data", with "in 2 expert groups" if there are such.
std::string topology_text(Topology const& topology);

/// A bar as long as the share, for a column that has the number as text.
std::string bar(std::uint64_t part, std::uint64_t whole);

/// A table that scrolls by itself where the page is narrow. `head`: cells, those that begin with # are numbers.
std::string table_begin(std::string_view caption, std::vector<std::string_view> const& head);
std::string table_end();

}  // namespace distload
