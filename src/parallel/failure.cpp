// From exceptions to messages between ranks.
#include "parallel/failure.hpp"

#include <cstdint>
#include <new>
#include <vector>

#include "base/system.hpp"
#include "base/wire.hpp"

namespace distload {

/// A failure and who has met it: the host is known there only.
std::vector<std::byte> encode(Failure const& failure, std::uint32_t rank) {
  WireWriter writer;
  writer.put(failure.code);
  writer.put_text(failure.message);
  writer.put_text(rank_on_this_host(rank));
  return writer.take();
}

<<<<<<< HEAD
Failure decode_failure(std::span<std::byte const> message) {
  WireReader reader(message);
  auto const code = reader.get<ExitCode>();
  return {code, reader.get_text()};
}
=======
}  // namespace
>>>>>>> 119d87e (Compare what hosts see of a checkpoint, and let pieces of messages count as progress)

Failure current_failure(std::string_view phase) {
  auto const during = [&] { return " in phase '" + std::string(phase) + "'"; };
  try {
    throw;
  } catch (Error const& error) {
    return {error.code(), error.what()};
  } catch (std::bad_alloc const&) {
    return {ExitCode::out_of_budget, "the system has no memory left" + during()};
  } catch (std::exception const& error) {
    return {ExitCode::internal, "unexpected error" + during() + ": " + error.what()};
  } catch (...) {
    return {ExitCode::internal, "an exception of unknown type" + during()};
  }
}

std::optional<Failure> agree_on_failure(Communicator& ranks, std::optional<Failure> const& own) {
  // The good path pays for one number.
  std::uint64_t lowest = own ? ranks.rank() : ranks.size();
  ranks.all_reduce(std::span(&lowest, 1), Reduction::min);
  if (lowest == ranks.size()) return std::nullopt;

  auto const speaker = static_cast<std::uint32_t>(lowest);
<<<<<<< HEAD
  auto agreed = decode_failure(broadcast_message(ranks, own ? encode(*own) : std::vector<std::byte>(), speaker));
=======
  auto const message =
      broadcast_message(ranks, own ? encode(*own, ranks.rank()) : std::vector<std::byte>(), speaker);
  WireReader reader(message);
  auto const code = reader.get<ExitCode>();
  Failure agreed{code, reader.get_text()};
>>>>>>> 119d87e (Compare what hosts see of a checkpoint, and let pieces of messages count as progress)
  std::uint64_t all_say_so = own == agreed ? 1 : 0;
  ranks.all_reduce(std::span(&all_say_so, 1), Reduction::min);
  if (all_say_so == 0) agreed.message = reader.get_text() + ": " + agreed.message;
  return agreed;
}

}  // namespace distload
