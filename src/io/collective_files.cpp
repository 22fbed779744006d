// Collective reading of plain byte ranges.
#include "io/collective_files.hpp"

#include <array>

#include "base/fault.hpp"
#include "io/collective_defaults.hpp"
#include "io/first_failure.hpp"
#include "io/location.hpp"
#include "parallel/mpi_communicator.hpp"

namespace distload {
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
  std::vector<std::uint64_t> rounds(files_.size());
  for (auto const& run : order.runs) ++rounds[run.file];
  ranks_->all_reduce(rounds, Reduction::max);

  auto run = order.runs.begin();
  for (std::uint32_t file = 0; file < files_.size(); ++file) {
    if (rounds[file] == 0 || !open_on_all_ranks(file, failure)) continue;
    while (run != order.runs.end() && run->file < file) ++run;
    for (std::uint64_t round = 0; round < rounds[file]; ++round) {
      bool const mine = run != order.runs.end() && run->file == file;
      failure.guard([&] {
        if (mine)
          read_run(order, *run, options);
        else
          files_[file]->read_at_all(0, {});
      });
      if (mine) ++run;
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

void CollectiveFiles::read_run(ReadOrder const& order, Run const& run, ReadOptions const& options) {
  auto const requests = order.requests_of(run);
  std::span const bytes(run.destination, run.nbytes);
  auto const got = files_[run.file]->read_at_all(run.offset_bytes, bytes);
  if (got < bytes.size()) throw_truncated(*catalog_, requests, got);
  if (options.verify) {
    verifier_.start(requests);
    verifier_.update(bytes);
  }
  options.on_progress(bytes.size());
}

void CollectiveFiles::close() {
  for (auto& file : files_) {
    if (file) file->close();
    file.reset();
  }
}

}  // namespace distload
