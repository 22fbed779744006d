/// FileViews: which ranks see the same files under the same paths.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <distload/parallel/communicator.hpp>

namespace distload {

/// Ranks of one machine with the same mounts share a view; those of other hosts, or of other containers, may see other
/// files.
class FileViews {
 public:
  /// Collective over `ranks`, in host memory.
  explicit FileViews(Communicator& ranks);

  /// For every rank the first one with the same view.
  explicit FileViews(std::vector<std::uint32_t> first) : first_(std::move(first)) {}

  /// All ranks see the same files.
  bool are_one() const noexcept {
    return std::all_of(first_.begin(), first_.end(), [](auto first) { return first == 0; });
  }

  /// True for one rank of every view: rank 0 for its own.
  bool is_first(std::uint32_t rank) const noexcept { return first_[rank] == rank; }

 private:
  std::vector<std::uint32_t> first_;
};

}  // namespace distload
