/// Page: what the HTML page of a checkpoint shows. `gather_page` collects it, `html_of` prints it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

#include "inspect/block_map.hpp"
#include "inspect/holding.hpp"
#include "inspect/layer_sizes.hpp"
#include "inspect/module_tree.hpp"

namespace distload {

/// A topology that the model cannot be cut for.
struct Refused {
  Topology topology;
  std::string why;
};

struct Page {
  std::string title;                                       ///< the model's name
  std::vector<std::pair<std::string, std::string>> facts;  ///< what and its value
  std::vector<std::string> warnings;
  TreeRow tree;
  LayerSizes sizes;
  std::vector<Holding> holdings;  ///< the chosen topology first
  std::vector<Refused> refused;
  std::optional<BlockMap> blocks;  ///< if they have been verified
  Bytes checksummed_bytes = 0;     ///< of tensors
  Bytes nbytes = 0;                ///< of tensors
  std::uint64_t unreadable = 0;    ///< tensors of types that are not known
};

Page gather_page(Catalog const& catalog, std::optional<Health> const& health, std::vector<Holding> holdings,
                 std::vector<Refused> refused);

/// One self-contained page: nothing is fetched, and the page forbids it. Deterministic.
std::string html_of(Page const& page);

}  // namespace distload
