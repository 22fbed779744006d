/// from_first_rank: what only rank 0 looks at, known to all.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <distload/parallel/communicator.hpp>

#include "base/wire.hpp"
#include "parallel/all_or_throw.hpp"
#include "verify/failure_of.hpp"

namespace distload {

/// Collective: the message that `work` returns on rank 0, on all ranks. What `work` throws about a checkpoint all ranks
/// throw, in the words in which one rank alone would.
template <class F>
std::vector<std::byte> from_first_rank(Communicator& world, std::string_view phase, F&& work) {
  auto message = all_or_throw(world, phase, [&] {
    if (world.rank() != 0) return std::vector<std::byte>{};
    std::vector<std::byte> found;
    auto const failure = failure_of([&] { found = std::forward<F>(work)(); });
    WireWriter out;
    out.put(failure ? failure->code : ExitCode::done);
    out.put_text(failure ? failure->message : std::string());
    out.put_all(found);
    return out.take();
  });
  message = broadcast_message(world, std::move(message), 0);
  WireReader in(message);
  auto const code = in.get<ExitCode>();
  auto const text = in.get_text();
  if (code != ExitCode::done) throw_error(code, text);
  return in.get_all<std::byte>();
}

}  // namespace distload
