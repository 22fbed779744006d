/// Failure: why one rank failed; agree_on_failure reports it to all ranks.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <distload/base/error.hpp>
#include <distload/parallel/communicator.hpp>

namespace distload {

struct Failure {
  ExitCode code = ExitCode::internal;
  std::string message;

  friend bool operator==(Failure const&, Failure const&) = default;
};

/// Converts the exception being handled to a failure; must be called in a catch block. A distload Error keeps its code
/// and message; std::bad_alloc becomes out_of_budget and any other exception internal, both with `phase` in the
/// message.
Failure current_failure(std::string_view phase);

/// Conversion to and from the message format.
std::vector<std::byte> encode(Failure const& failure);
Failure decode_failure(std::span<std::byte const> message);

/// Collective: nothing if no rank failed; otherwise, on all ranks, the failure of the lowest rank that failed, with
/// "rank N on HOST: " before its message unless all ranks failed with the same message.
std::optional<Failure> agree_on_failure(Communicator& ranks, std::optional<Failure> const& own);

}  // namespace distload
