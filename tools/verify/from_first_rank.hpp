/// from_first_rank: runs work on rank 0 and sends the result to all ranks.
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

/// Collective: the message that `work` returns on rank 0, on all ranks. Exceptions of `work` about a checkpoint are
/// thrown on all ranks with an unchanged message.
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
