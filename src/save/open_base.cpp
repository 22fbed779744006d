// Rank 0 opens the base and sends its catalog to all ranks.
#include "save/open_base.hpp"

#include <filesystem>
#include <system_error>
#include <vector>

#include <distload/base/error.hpp>
#include <distload/checkpoint/checkpoint.hpp>

#include "checkpoint/catalog_message.hpp"
#include "checkpoint/open/step_directory.hpp"
#include "io/files/same_content.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {
namespace {

bool is_to_be_filled(std::string const& path, std::string const& directory) {
  std::error_code error;
  if (std::filesystem::weakly_canonical(path, error) != std::filesystem::weakly_canonical(directory, error))
    return false;
  return !std::filesystem::exists(path, error) || list_steps(path).empty();
}

std::vector<std::byte> read_base(std::string const& path, std::string const& directory) {
  if (is_to_be_filled(path, directory)) return {};
  auto const base = open_checkpoint(path, std::nullopt);
  if (base.block_hashes.empty())
    throw ConfigError("save.base: " + base.path +
                      " has no checksums to compare with; it must be an HDF5 file of distload's, or be sealed by "
                      "`distload-verify --seal`");
  return serialize(base);
}

}  // namespace

std::shared_ptr<Catalog const> open_base(std::string const& path, std::string const& directory, Communicator& ranks) {
  auto message = bytes_of_rank_0(ranks, "save_base", [&] { return read_base(path, directory); });
  if (message.empty()) return nullptr;
  auto base = std::make_shared<Catalog const>(deserialize_catalog(message));
  check_same_content(*base, ranks);  // every rank reuses blocks of the file that its host sees
  return base;
}

}  // namespace distload
