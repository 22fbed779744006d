// Collects the page of a checkpoint.
#include "inspect/page.hpp"

#include "base/text.hpp"
#include "inspect/html.hpp"

namespace distload {
namespace {

constexpr std::size_t kMostExtra = 20;

std::string carried_text(std::vector<CarriedFile> const& files) {
  constexpr std::size_t kMostCarried = 20;
  std::string text;
  std::size_t count = 0;
  for (auto const& file : files) {
    if (!file.by_default || count++ >= kMostCarried) continue;
    text += (text.empty() ? "" : ", ") + file.name;
  }
  if (count > kMostCarried) text += " and " + std::to_string(count - kMostCarried) + " more";
  return text;
}

std::vector<std::pair<std::string, std::string>> facts_of(Catalog const& catalog, Bytes checksummed) {
  auto const& metadata = catalog.metadata;
  std::vector<std::pair<std::string, std::string>> facts;
  auto const add = [&](char const* what, std::string value) {
    if (!value.empty()) facts.emplace_back(what, std::move(value));
  };
  add("Size", format_bytes(catalog.nbytes()) + " in " + counted(catalog.tensors.size(), "tensor") + " and " +
                  counted(catalog.files.size(), "file"));
  add("Parameters", grouped(metadata.model_size));
  add("Architecture", metadata.architecture);
  add("Format", catalog.format == SourceFormat::hdf5 ? "HDF5" : "safetensors");
  add("Checksums", checksummed == 0 ? "none"
                                    : "of " + share_text(checksummed, catalog.nbytes()) + ", in blocks of " +
                                          format_bytes(catalog.block_bytes));
  if (metadata.step > 0) add("Step", grouped(metadata.step));
  add("Written", metadata.created);
  add("Writer", metadata.writer);
  if (metadata.tensor_parallel > 1) add("Written for", counted(metadata.tensor_parallel, "tensor-parallel rank"));
  add("Goes along", carried_text(metadata.files));
  std::size_t count = 0;
  for (auto const& [key, value] : metadata.extra) {
    if (count++ < kMostExtra) facts.emplace_back(key, value);
  }
  add("Path", catalog.path);
  return facts;
}

}  // namespace

Page gather_page(Catalog const& catalog, std::optional<Health> const& health, std::vector<Holding> holdings,
                 std::vector<Refused> refused) {
  Page page;
  page.title = catalog.metadata.model_name;
  for (auto const& extent : catalog.extents) page.checksummed_bytes += extent.has_checksums() ? extent.nbytes : 0;
  page.nbytes = catalog.nbytes();
  page.facts = facts_of(catalog, page.checksummed_bytes);
  page.warnings = catalog.warnings;
  page.tree = module_tree(catalog, health ? damaged_by_tensor(catalog, *health) : std::vector<std::uint64_t>{});
  page.sizes = layer_sizes(catalog);
  page.holdings = std::move(holdings);
  page.refused = std::move(refused);
  if (health) page.blocks = block_map(catalog, *health);
  page.unreadable = catalog.unreadable.size();
  return page;
}

}  // namespace distload
