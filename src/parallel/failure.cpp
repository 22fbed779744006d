// From exceptions to messages between ranks.
#include "parallel/failure.hpp"

#include <cstdint>
#include <new>
#include <vector>

#include "base/wire.hpp"

namespace distload {

std::vector<std::byte> encode(Failure const& failure) {
  WireWriter writer;
  writer.put(failure.code);
  writer.put_text(failure.message);
  return writer.take();
}

Failure decode_failure(std::span<std::byte const> message) {
  WireReader reader(message);
  auto const code = reader.get<ExitCode>();
  return {code, reader.get_text()};
}

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
  auto agreed = decode_failure(broadcast_message(ranks, own ? encode(*own) : std::vector<std::byte>(), speaker));
  std::uint64_t all_say_so = own == agreed ? 1 : 0;
  ranks.all_reduce(std::span(&all_say_so, 1), Reduction::min);
  if (all_say_so == 0) agreed.message = "rank " + std::to_string(speaker) + ": " + agreed.message;
  return agreed;
}

}  // namespace distload
