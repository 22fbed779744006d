// Makes a sidecar file for a catalog without checksums.
#include "verify/seal_checkpoint.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <distload/base/error.hpp>

#include "base/wire.hpp"
#include "checkpoint/add_blocks.hpp"
#include "checkpoint/catalog_message.hpp"
#include "checkpoint/open/read_step.hpp"
#include "checkpoint/seal/seal_file.hpp"
#include "checkpoint/seal/seal_format.hpp"
#include "parallel/all_or_throw.hpp"
#include "verify/from_first_rank.hpp"
#include "verify/hash_files.hpp"
#include "verify/write_seal.hpp"

namespace distload {
namespace {

/// The state that rank 0 read before hashing.
struct CheckpointState {
  Catalog catalog;  ///< without the checksums of a seal
  std::vector<FileFacts> facts;
};

bool has_own_checksums(Catalog const& catalog) {
  return std::ranges::any_of(catalog.extents, [](Extent const& extent) { return extent.has_checksums(); });
}

/// Rank 0 only.
CheckpointState read_state(StepFile const& file) {
  CheckpointState state{read_step(file, SealUse::ignore), {}};
  for (std::uint32_t i = 0; i < state.catalog.files.size(); ++i) state.facts.push_back(facts_of(state.catalog, i));
  return state;
}

/// Rank 0 only. @throws CorruptData  a file has changed since.
void check_unchanged(StepFile const& file, CheckpointState const& before) {
  auto const now = read_state(file);
  for (std::size_t i = 0; i < before.facts.size(); ++i) {
    if (i < now.facts.size() && now.facts[i] == before.facts[i]) continue;
    throw CorruptData(before.catalog.files[i].path + " has changed while it was being sealed");
  }
  // The file's properties may have been read after a change that the catalog does not have.
  if (now.facts.size() != before.facts.size() ||
      description_of_tensors(now.catalog) != description_of_tensors(before.catalog))
    throw CorruptData(file.path + " has changed while it was being sealed");
}

/// Collective: the sums of every rank, by file.
std::vector<std::string> gather_sums(Communicator& world, std::vector<std::string> const& mine) {
  WireWriter out;
  for (auto const& sum : mine) out.put_text(sum);
  std::vector<std::string> all(mine.size());
  for (auto const& message : gather_messages(world, out.take(), 0)) {
    WireReader in(message);
    for (auto& sum : all) {
      if (auto text = in.get_text(); !text.empty()) sum = std::move(text);
    }
  }
  return all;
}

/// Rank 0 only: the entries of all files, by name.
std::map<std::string, SealedFile> entries_of(Catalog const& hashed, std::vector<FileFacts> const& facts,
                                             std::vector<std::string> const& sums) {
  std::vector<SealedFile> files(hashed.files.size());
  for (auto const& tensor : hashed.tensors) {
    auto const extents = hashed.extents_of(tensor);
    if (extents.empty()) continue;
    auto& hashes = files[extents.front().file].tensors[tensor.name];
    for (auto const& extent : extents) {
      auto const blocks = hashed.hashes_of(extent);
      hashes.insert(hashes.end(), blocks.begin(), blocks.end());
    }
  }
  std::map<std::string, SealedFile> entries;
  for (std::size_t i = 0; i < files.size(); ++i) {
    files[i].facts = facts[i];
    if (!sums[i].empty()) files[i].sha256 = sums[i];
    entries.emplace(std::filesystem::path(hashed.files[i].path).filename().string(), std::move(files[i]));
  }
  return entries;
}

}  // namespace

void seal_checkpoint(Communicator& world, StepFile const& file, VerifyOptions const& options, Outcome& outcome) {
  CheckpointState state;
  auto catalog = deserialize_catalog(from_first_rank(world, "open", [&] {
    state = read_state(file);
    if (!has_own_checksums(state.catalog)) check_seal_can_be_written(seal_path(state.catalog.files.front().path));
    return serialize(state.catalog);
  }));
  outcome.tensors = catalog.tensors.size();
  if (has_own_checksums(catalog)) {
    outcome.reason = "it has checksums of its own, there is nothing to seal";
    for (auto const& extent : catalog.extents) {
      if (!extent.has_checksums()) outcome.unverified_bytes += extent.nbytes;
    }
    return;
  }
  catalog.block_bytes = kSealBlockBytes;
  for (auto& extent : catalog.extents) add_blocks(catalog, extent);

  std::vector<std::string> sums(catalog.files.size());
  all_or_throw(world, "seal", [&] {
    auto const tasks = hash_tasks(catalog, options.sha256, world.rank(), world.size());
    run_hash_tasks(catalog, tasks, options.threads, catalog.block_hashes, sums);
  });
  // Every block has its hash on one rank and zero on the others.
  world.all_reduce(std::span(catalog.block_hashes), Reduction::sum);
  sums = gather_sums(world, sums);
  from_first_rank(world, "seal", [&] {
    check_unchanged(file, state);
    write_seal(seal_path(catalog.files.front().path), entries_of(catalog, state.facts, sums));
    return std::vector<std::byte>{};
  });
  outcome.state = State::sealed;
  outcome.verified_bytes = catalog.nbytes();
}

}  // namespace distload
