// Converts exceptions to messages between ranks.
#include "parallel/failure.hpp"

#include <cstdint>
#include <new>
#include <vector>

#include "base/system.hpp"
#include "base/wire.hpp"
#include "parallel/on_all.hpp"

namespace distload {
namespace {

/// Collective: "rank 3 on n2". The failed rank sends its host name.
std::string name_of_rank_that_failed(Communicator& ranks, std::uint32_t failed_rank) {
  auto const name = rank_on_this_host(ranks.rank());
  auto const own = std::as_bytes(std::span(name));
  auto const bytes = broadcast_message(ranks, {own.begin(), own.end()}, failed_rank);
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

}  // namespace

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
  // If no rank has failed, the ranks exchange only one number.
  std::uint64_t lowest = own ? ranks.rank() : ranks.size();
  ranks.all_reduce(std::span(&lowest, 1), Reduction::min);
  if (lowest == ranks.size()) return std::nullopt;

  auto const failed_rank = static_cast<std::uint32_t>(lowest);
  auto agreed = decode_failure(broadcast_message(ranks, own ? encode(*own) : std::vector<std::byte>(), failed_rank));
  if (!is_on_all(ranks, own == agreed))
    agreed.message = name_of_rank_that_failed(ranks, failed_rank) + ": " + agreed.message;
  return agreed;
}

}  // namespace distload
