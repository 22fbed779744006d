/// FileViews: which ranks see the same files under the same paths.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <distload/parallel/communicator.hpp>

namespace distload {

/// Ranks on one machine with the same mounts share a view. Ranks on other hosts, or in other containers, may see other
/// files.
class FileViews {
 public:
  /// Collective over `ranks`, in host memory.
  explicit FileViews(Communicator& ranks);

  /// For every rank, the first rank with the same view.
  explicit FileViews(std::vector<std::uint32_t> first) : first_(std::move(first)) {}

  /// True if all ranks see the same files.
  bool are_one() const noexcept {
    return std::all_of(first_.begin(), first_.end(), [](auto first) { return first == 0; });
  }

  /// True for the first rank of every view, including rank 0.
  bool is_first(std::uint32_t rank) const noexcept { return first_[rank] == rank; }

 private:
  std::vector<std::uint32_t> first_;
};

}  // namespace distload
