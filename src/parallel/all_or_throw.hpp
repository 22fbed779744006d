/// all_or_throw: runs local work between two collectives; afterwards all ranks continue, or all ranks throw the same
/// exception.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <distload/parallel/communicator.hpp>

#include "base/fault.hpp"
#include "parallel/failure.hpp"

namespace distload {

/// Collective over `ranks` (in host memory): runs `local`, which must not call a collective, and returns its result.
///
/// If it throws on any rank, all ranks throw the exception of the lowest rank that failed, with "rank N on HOST: "
/// before the message unless all ranks failed with the same message. The exception type follows the exit code;
/// exceptions of other libraries become InternalError, std::bad_alloc becomes OutOfBudget. `phase` names the work in
/// these messages and is a fault_point.
template <class F>
auto all_or_throw(Communicator& ranks, std::string_view phase, F&& local) {
  using Result = std::invoke_result_t<F>;
  static_assert(!std::is_reference_v<Result>, "return a value or a pointer");
  std::optional<Failure> failure;
  if constexpr (std::is_void_v<Result>) {
    try {
      fault_point(phase);
      std::forward<F>(local)();
    } catch (...) {
      failure = current_failure(phase);
    }
    if (auto const agreed = agree_on_failure(ranks, failure)) throw_error(agreed->code, agreed->message);
  } else {
    std::optional<Result> result;
    try {
      fault_point(phase);
      result.emplace(std::forward<F>(local)());
    } catch (...) {
      failure = current_failure(phase);
    }
    if (auto const agreed = agree_on_failure(ranks, failure)) throw_error(agreed->code, agreed->message);
    return std::move(*result);
  }
}

/// Collective over `ranks` (in host memory): runs `make` on rank 0 and returns its bytes on all ranks.
/// @throws the exception of `make`, on all ranks, as `all_or_throw`.
template <class F>
std::vector<std::byte> bytes_of_rank_0(Communicator& ranks, std::string_view phase, F&& make) {
  auto bytes = all_or_throw(ranks, phase, [&]() -> std::vector<std::byte> {
    return ranks.rank() == 0 ? std::forward<F>(make)() : std::vector<std::byte>{};
  });
  return broadcast_message(ranks, std::move(bytes), 0);
}

}  // namespace distload
