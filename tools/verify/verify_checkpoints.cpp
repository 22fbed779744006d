// Verifies all checkpoints at a path.
#include "verify/verify_checkpoints.hpp"

#include <algorithm>
#include <span>
#include <tuple>
#include <utility>

#include "base/wire.hpp"
#include "checkpoint/catalog_message.hpp"
#include "checkpoint/open/read_step.hpp"
#include "io/engines/block_check.hpp"
#include "parallel/all_or_throw.hpp"
#include "verify/failure_of.hpp"
#include "verify/from_first_rank.hpp"
#include "verify/seal_checkpoint.hpp"

namespace distload {
namespace {

/// The checkpoints at a path.
struct Candidates {
  std::vector<StepFile> files;
  bool are_steps = false;  ///< `path` is a directory of steps
};

/// Rank 0 only.
Candidates find_candidates(std::string const& path, std::optional<std::uint64_t> step) {
  if (auto const single = single_checkpoint(path)) {
    if (step) open_checkpoint(path, step, Latest::valid, SealUse::ignore);  // refuses another step
    return {{*single}, false};
  }
  auto steps = steps_to_choose_from(path);
  if (!step) return {std::move(steps), true};
  std::string known;
  for (auto const& file : steps) known += (known.empty() ? "" : ", ") + std::to_string(file.step);
  std::erase_if(steps, [&](StepFile const& file) { return file.step != *step; });
  if (steps.empty()) throw NoValidCheckpoint(path + ": has no step " + std::to_string(*step) + ", only " + known);
  return {std::move(steps), true};
}

std::vector<std::byte> as_message(Candidates const& candidates) {
  WireWriter out;
  out.put(candidates.are_steps);
  out.put(candidates.files.size());
  for (auto const& file : candidates.files) {
    out.put(file.step);
    out.put(file.format);
    out.put_text(file.path);
  }
  return out.take();
}

Candidates candidates_of(std::span<std::byte const> message) {
  WireReader in(message);
  Candidates candidates;
  candidates.are_steps = in.get<bool>();
  candidates.files.resize(in.get<std::size_t>());
  for (auto& file : candidates.files) {
    file.step = in.get<std::uint64_t>();
    file.format = in.get<SourceFormat>();
    file.path = in.get_text();
  }
  return candidates;
}

/// Collective: the damage that every rank found; complete on rank 0, in the order of tensors and bytes.
std::vector<Damage> gather_damage(Communicator& world, Catalog const& catalog,
                                  std::vector<DamagedBlock> const& damage) {
  WireWriter out;
  for (auto const& block : damage) {
    out.put(block.extent);
    out.put(block.begin_bytes);
    out.put(block.nbytes);
    out.put(block.is_unreadable);
    out.put_text(block.reason);
    out.put(block.is_of_file);
  }
  std::vector<DamagedBlock> all;
  for (auto const& message : gather_messages(world, out.take(), 0)) {
    for (WireReader in(message); !in.at_end();) {
      auto& block = all.emplace_back();
      block.extent = in.get<std::uint32_t>();
      block.begin_bytes = in.get<Bytes>();
      block.nbytes = in.get<Bytes>();
      block.is_unreadable = in.get<bool>();
      block.reason = in.get_text();
      block.is_of_file = in.get<bool>();
    }
  }
  std::ranges::sort(
      all, {}, [](DamagedBlock const& block) { return std::tuple(block.is_of_file, block.extent, block.begin_bytes); });
  std::vector<Damage> found;
  for (auto& block : all) {
    if (block.is_of_file) {
      auto const& file = catalog.metadata.files[block.extent];
      found.push_back({"", file.path, file.offset_bytes, file.offset_bytes + file.nbytes, std::move(block.reason)});
      continue;
    }
    auto const& extent = catalog.extents[block.extent];
    auto const begin = extent.offset_bytes + block.begin_bytes;
    found.push_back({catalog.tensors[extent.tensor].name, catalog.files[extent.file].path, begin, begin + block.nbytes,
                     std::move(block.reason)});
  }
  return found;
}

/// Collective: compares all blocks.
void compare_blocks(Communicator& world, StepFile const& file, Outcome& outcome) {
  auto const catalog = deserialize_catalog(
      from_first_rank(world, "open", [&] { return serialize(read_step(file, SealUse::compare_content)); }));
  outcome.tensors = catalog.tensors.size();
  outcome.warnings = catalog.warnings;
  auto const findings = all_or_throw(
      world, "verify", [&] { return check_blocks(catalog, world.rank(), world.size(), CheckFrom::anywhere); });
  auto const unreadable =
      static_cast<std::uint64_t>(std::ranges::count(findings.damage, true, &DamagedBlock::is_unreadable));
  std::vector<std::uint64_t> sums{findings.damage.size() - unreadable, unreadable, findings.verified_bytes,
                                  findings.unverified_bytes};
  world.all_reduce(std::span<std::uint64_t>(sums), Reduction::sum);
  outcome.verified_bytes = sums[2];
  outcome.unverified_bytes = sums[3];
  outcome.damage = gather_damage(world, catalog, findings.damage);
  auto verdict = verdict_of(sums[0], sums[1], sums[2], sums[3]);
  outcome.code = verdict.code;
  outcome.reason = std::move(verdict.reason);
}

/// An outcome that names the checkpoint and has no results yet.
Outcome outcome_of(StepFile const& file, bool is_step) {
  Outcome outcome;
  outcome.path = file.path;
  if (is_step) outcome.step = file.step;
  outcome.format = file.format == SourceFormat::hdf5 ? "hdf5" : "safetensors";
  return outcome;
}

void fail(Outcome& outcome, Failure const& failure) {
  outcome.state = State::not_valid;
  outcome.code = failure.code;
  outcome.reason = failure.message;
}

Outcome verify_one(Communicator& world, StepFile const& file, bool is_step, VerifyOptions const& options) {
  auto outcome = outcome_of(file, is_step);
  auto const failure = failure_of([&] {
    if (options.seal) {
      seal_checkpoint(world, file, options, outcome);
    } else {
      compare_blocks(world, file, outcome);
    }
  });
  if (failure) fail(outcome, *failure);
  return outcome;
}

/// Next to a valid checkpoint, an invalid one counts as damage, because it would otherwise have been loaded.
void mark_invalid_as_passed_over(std::vector<Outcome>& outcomes) {
  for (auto& outcome : outcomes) {
    if (outcome.state != State::not_valid) continue;
    outcome.reason = "passed over: " + outcome.reason;
    if (outcome.code == ExitCode::no_valid_checkpoint) outcome.code = ExitCode::corrupt_data;
  }
}

}  // namespace

std::vector<Outcome> verify_checkpoints(Communicator& world, std::string const& path, VerifyOptions const& options) {
  Candidates candidates;
  auto const failure = failure_of([&] {
    candidates =
        candidates_of(from_first_rank(world, "open", [&] { return as_message(find_candidates(path, options.step)); }));
  });
  if (failure) {
    Outcome outcome;
    outcome.path = path;
    fail(outcome, *failure);
    return {outcome};
  }
  std::vector<Outcome> outcomes;
  std::string valid_path;
  for (auto const& file : candidates.files) {
    if (!valid_path.empty() && !options.all) {
      auto other = outcome_of(file, candidates.are_steps);
      other.state = State::skipped;
      other.reason = "not looked at: " + valid_path + " was (--all looks at every step)";
      outcomes.push_back(std::move(other));
      continue;
    }
    outcomes.push_back(verify_one(world, file, candidates.are_steps, options));
    if (outcomes.back().state != State::not_valid) valid_path = file.path;
  }
  if (!valid_path.empty()) mark_invalid_as_passed_over(outcomes);
  return outcomes;
}

}  // namespace distload
