// Reads byte ranges collectively.
#include "io/mpi/collective_files.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "base/fault.hpp"
#include "base/first_failure.hpp"
#include "io/engines/location.hpp"
#include "io/mpi/collective_defaults.hpp"
#include "parallel/mpi_communicator.hpp"

namespace distload {
namespace {

/// The runs that this rank reads in each round: neighbours in one file, at most kRoundBytes together.
std::vector<std::span<Run const>> rounds_of(ReadOrder const& order) {
  std::vector<std::span<Run const>> rounds;
  std::span<Run const> const runs(order.runs);
  Bytes nbytes = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    bool const continues =
        !rounds.empty() && rounds.back().front().file == runs[i].file && nbytes + runs[i].nbytes <= kRoundBytes;
    if (continues) {
      rounds.back() = {rounds.back().data(), rounds.back().size() + 1};
      nbytes += runs[i].nbytes;
    } else {
      rounds.push_back(runs.subspan(i, 1));
      nbytes = runs[i].nbytes;
    }
  }
  return rounds;
}

}  // namespace

CollectiveFiles::CollectiveFiles(Catalog const& catalog, Communicator& ranks, Hints const& hints)
    : catalog_(&catalog),
      ranks_(&ranks),
      hints_(with_default_hints(hints)),
      verifier_(catalog),
      files_(catalog.files.size()) {}

void CollectiveFiles::read(std::span<ReadRequest const> requests, ReadOptions const& options) {
  FirstFailure failure;
  ReadOrder order;
  failure.guard([&] {
    fault_point("read");
    if (options.verify) fault_point("verify");
    order = order_requests(*catalog_, requests, kRoundBytes);
  });
  auto const rounds = rounds_of(order);
  std::vector<std::uint64_t> rounds_of_file(files_.size());
  for (auto const& round : rounds) ++rounds_of_file[round.front().file];
  ranks_->all_reduce(rounds_of_file, Reduction::max);

  auto mine = rounds.begin();
  for (std::uint32_t file = 0; file < files_.size(); ++file) {
    if (rounds_of_file[file] == 0 || !open_on_all_ranks(file, failure)) continue;
    while (mine != rounds.end() && mine->front().file < file) ++mine;
    for (std::uint64_t round = 0; round < rounds_of_file[file]; ++round) {
      bool const takes_part = mine != rounds.end() && mine->front().file == file;
      failure.guard([&] { read_round(*files_[file], order, takes_part ? *mine : std::span<Run const>{}, options); });
      if (takes_part) ++mine;
    }
  }
  failure.rethrow();
}

bool CollectiveFiles::open_on_all_ranks(std::uint32_t file, FirstFailure& failure) {
  if (files_[file]) return true;
  failure.guard([&] { files_[file].emplace(native_mpi(*ranks_), catalog_->files[file].path, hints_); });
  std::array<std::uint64_t, 1> open{files_[file] ? 1U : 0U};
  ranks_->all_reduce(open, Reduction::min);
  if (open[0] == 0) files_[file].reset();
  return open[0] != 0;
}

void CollectiveFiles::read_round(MpiFile& file, ReadOrder const& order, std::span<Run const> runs,
                                 ReadOptions const& options) {
  // A read beyond the end of the file is skipped, but this rank takes part in the collective call.
  FirstFailure truncated;
  auto const size = file.size_bytes();
  std::vector<FilePart> parts;
  for (auto const& run : runs) {
    if (run.offset_bytes + run.nbytes <= size) {
      options.before_write({run.destination, run.nbytes});
      parts.push_back({run.offset_bytes, {run.destination, run.nbytes}});
    } else {
      auto const there = size - std::min(size, run.offset_bytes);
      truncated.guard([&] { throw_truncated(*catalog_, order.requests_of(run), there); });
    }
  }
  file.read_all(parts);
  truncated.rethrow();
  for (auto const& run : runs) {
    if (options.verify) {
      verifier_.start(order.requests_of(run));
      verifier_.update({run.destination, run.nbytes});
    }
    options.on_progress(run.nbytes);
  }
}

void CollectiveFiles::close() {
  for (auto& file : files_) {
    if (file) file->close();
    file.reset();
  }
}

}  // namespace distload
