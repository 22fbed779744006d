// Every rank sends its intention to rank 0, which sends the result to all ranks.
//
// Uses MPI's point-to-point messages, so that missing ranks can be named; a collective that hangs cannot tell which.
#include "parallel/meeting.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>

#include <mpi.h>

#include <distload/base/error.hpp>

#include "base/hash.hpp"
#include "base/wire.hpp"
#include "parallel/all_gathered.hpp"
#include "parallel/job_hosts.hpp"
#include "parallel/liveness/backoff.hpp"
#include "parallel/liveness/node_board.hpp"
#include "parallel/mpi_check.hpp"
#include "parallel/mpi_communicator.hpp"

namespace distload {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int kToRank0 = 2;
constexpr int kFromRank0 = 3;
/// After this time rank 0 tells waiting ranks that it has arrived.
constexpr milliseconds kUntilArrivalReply{300};
/// Additional time for the message of rank 0 to arrive.
constexpr milliseconds kForAnswers{2000};

/// A message of rank 0: that it has arrived, or the result of the meeting.
enum class Reply : std::uint64_t { arrived, all_equal, differ, missing };

std::vector<std::byte> encode(Intention const& intention) {
  WireWriter out;
  out.put_text(intention.call);
  out.put(intention.values.size());
  for (auto const& [name, value] : intention.values) {
    out.put_text(name);
    out.put_text(value);
  }
  return out.take();
}

Intention decode(std::span<std::byte const> bytes) {
  WireReader in(bytes);
  Intention intention{in.get_text(), {}};
  for (auto count = in.get<std::size_t>(); count > 0; --count) {
    auto name = in.get_text();
    intention.values.emplace_back(std::move(name), in.get_text());
  }
  return intention;
}

std::string format_seconds(milliseconds duration) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f s", std::chrono::duration<double>(duration).count());
  return text.data();
}

/// Ranks of a group, with their hosts where they are known.
std::string describe(std::vector<std::uint32_t> const& some, Communicator const& ranks) {
  return uses_mpi(ranks) ? describe_ranks(native_mpi(ranks), some) : describe_ranks(some, std::vector<std::string>());
}

/// "'bf16' on rank 3 on n2, 'keep' on ranks 0-2 on n1, n2"
std::string describe_values(std::map<std::string, std::vector<std::uint32_t>> const& ranks_of_value,
                            Communicator const& ranks) {
  std::vector<std::pair<std::string, std::vector<std::uint32_t>>> sorted(ranks_of_value.begin(), ranks_of_value.end());
  // The value of the fewest ranks is probably the mistake and comes first.
  std::ranges::stable_sort(sorted, {}, [](auto const& each) { return each.second.size(); });
  std::string text;
  char const* separator = "";
  for (auto const& [value, group] : sorted)
    text += std::exchange(separator, ", ") + value + " on " + describe(group, ranks);
  return text;
}

std::string describe_differences(std::vector<Intention> const& intentions, Communicator const& ranks) {
  std::map<std::string, std::vector<std::uint32_t>> calls;
  std::map<std::string, std::map<std::string, std::vector<std::uint32_t>>> values;
  for (std::uint32_t rank = 0; rank < intentions.size(); ++rank) calls[intentions[rank].call].push_back(rank);
  if (calls.size() > 1) return "the ranks do not call the same function: " + describe_values(calls, ranks);
  std::set<std::string> names;
  for (auto const& intention : intentions) {
    for (auto const& each : intention.values) names.insert(each.first);
  }
  for (auto const& name : names) {
    for (std::uint32_t rank = 0; rank < intentions.size(); ++rank) {
      auto const& own = intentions[rank].values;
      auto const found = std::ranges::find(own, name, [](auto const& each) { return each.first; });
      values[name][found == own.end() ? "nothing" : "'" + found->second + "'"].push_back(rank);
    }
  }
  auto text = "the ranks call " + intentions.front().call + " with different settings";
  char const* separator = ": ";
  for (auto const& [name, of_name] : values) {
    if (of_name.size() > 1) text += std::exchange(separator, "; ") + name + " is " + describe_values(of_name, ranks);
  }
  return text;
}

/// Sends one number. MPI buffers such small messages, so that the call does not wait for the receiver.
void send_number(MPI_Comm group, int to, int tag, std::uint64_t number) {
  DISTLOAD_MPI(MPI_Send(&number, 1, MPI_UINT64_T, to, tag, group));
}

/// A pending receive of such a message.
class PendingNumber {
 public:
  PendingNumber(MPI_Comm group, int from, int tag) {
    DISTLOAD_MPI(MPI_Irecv(&number_, 1, MPI_UINT64_T, from, tag, group, &request_));
  }
  ~PendingNumber() {
    if (request_ == MPI_REQUEST_NULL) return;
    MPI_Cancel(&request_);
    MPI_Wait(&request_, MPI_STATUS_IGNORE);
  }
  PendingNumber(PendingNumber const&) = delete;
  PendingNumber& operator=(PendingNumber const&) = delete;

  bool has_arrived() {
    int done = 1;
    if (request_ != MPI_REQUEST_NULL) DISTLOAD_MPI(MPI_Test(&request_, &done, MPI_STATUS_IGNORE));
    return done != 0;
  }
  std::uint64_t number() const noexcept { return number_; }

 private:
  std::uint64_t number_ = 0;
  MPI_Request request_ = MPI_REQUEST_NULL;
};

/// If there is a watchdog, it prints first: its message says more about the missing ranks.
milliseconds with_watchdog(milliseconds limit) {
  auto const* const board = NodeBoard::of_process();
  return board != nullptr && board->is_watched() ? limit + limit / 2 + kForAnswers : limit;
}

[[noreturn]] void throw_missing(MPI_Comm group, std::vector<std::uint32_t> const& missing, Intention const& intention,
                                milliseconds limit) {
  throw CommunicationError(describe_ranks(group, missing) + (missing.size() == 1 ? " has" : " have") + " not called " +
                           intention.call + " within " + format_seconds(limit));
}

/// Sends the intentions to rank 0 and the result to all ranks.
[[noreturn]] void throw_differences(Communicator& ranks, Intention const& intention) {
  auto const messages = gather_messages(ranks, encode(intention), 0);
  std::vector<std::byte> text;
  if (ranks.rank() == 0) {
    std::vector<Intention> intentions;
    intentions.reserve(messages.size());
    for (auto const& message : messages) intentions.push_back(decode(message));
    auto const message = describe_differences(intentions, ranks);
    auto const bytes = std::as_bytes(std::span(message));
    text.assign(bytes.begin(), bytes.end());
  }
  text = broadcast_message(ranks, std::move(text), 0);
  throw ConfigError(std::string(reinterpret_cast<char const*>(text.data()), text.size()));
}

Reply wait_as_rank_0(MPI_Comm group, std::uint32_t size, std::uint64_t own, milliseconds limit,
                     std::vector<std::uint32_t>& missing) {
  auto const start = Clock::now();
  std::vector<std::unique_ptr<PendingNumber>> others;
  for (std::uint32_t rank = 1; rank < size; ++rank)
    others.push_back(std::make_unique<PendingNumber>(group, static_cast<int>(rank), kToRank0));
  std::vector<bool> is_notified(others.size());
  auto const answer = [&](std::size_t place, Reply reply) {
    send_number(group, static_cast<int>(place + 1), kFromRank0, static_cast<std::uint64_t>(reply));
  };
  auto reply = Reply::all_equal;
  Backoff const backoff;
  while (true) {
    bool all = true;
    auto const waited = Clock::now() - start;
    for (std::size_t i = 0; i < others.size(); ++i) {
      bool const here = others[i]->has_arrived();
      all = all && here;
      if (!here || is_notified[i] || waited < kUntilArrivalReply) continue;
      answer(i, Reply::arrived);
      is_notified[i] = true;
    }
    if (all) break;
    if (waited > limit) {
      reply = Reply::missing;
      for (std::size_t i = 0; i < others.size(); ++i) {
        if (!others[i]->has_arrived()) missing.push_back(static_cast<std::uint32_t>(i + 1));
      }
      break;
    }
    backoff.wait();
  }
  if (reply == Reply::all_equal && std::ranges::any_of(others, [&](auto const& each) { return each->number() != own; }))
    reply = Reply::differ;
  for (std::size_t i = 0; i < others.size(); ++i) {
    if (reply == Reply::missing && !others[i]->has_arrived()) continue;
    answer(i, reply);
    if (reply != Reply::missing) continue;
    send_number(group, static_cast<int>(i + 1), kFromRank0, missing.size());
    for (auto const rank : missing) send_number(group, static_cast<int>(i + 1), kFromRank0, rank);
  }
  return reply;
}

/// The next message of rank 0; nothing if none arrives in time.
std::optional<std::uint64_t> next_reply(MPI_Comm group, milliseconds limit) {
  auto const start = Clock::now();
  PendingNumber reply(group, 0, kFromRank0);
  Backoff const backoff;
  while (!reply.has_arrived()) {
    if (Clock::now() - start > limit) return std::nullopt;
    backoff.wait();
  }
  return reply.number();
}

Reply wait_for_rank_0(MPI_Comm group, std::uint64_t own, milliseconds limit, std::vector<std::uint32_t>& missing) {
  send_number(group, 0, kToRank0, own);
  auto reply = next_reply(group, limit + kForAnswers);
  if (reply == static_cast<std::uint64_t>(Reply::arrived)) reply = next_reply(group, limit + kForAnswers);
  if (!reply) {
    missing = {0};
    return Reply::missing;
  }
  if (*reply == static_cast<std::uint64_t>(Reply::missing)) {
    for (auto count = next_reply(group, kForAnswers).value_or(0); count > 0; --count)
      missing.push_back(static_cast<std::uint32_t>(next_reply(group, kForAnswers).value_or(0)));
  }
  return static_cast<Reply>(*reply);
}

}  // namespace

void meet(Communicator& ranks, Intention const& intention, milliseconds limit) {
  if (ranks.size() == 1) return;
  auto const own = xxh3_64(encode(intention));
  auto* const group = dynamic_cast<MpiCommunicator*>(&ranks);
  if (group == nullptr) {
    auto const all = all_gathered(ranks, own);
    if (std::ranges::count(all, own) < std::ssize(all)) throw_differences(ranks, intention);
    return;
  }
  auto const mark = group->mark_waiting();
  auto const whole_limit = with_watchdog(limit);
  std::vector<std::uint32_t> missing;
  auto const reply = ranks.rank() == 0 ? wait_as_rank_0(group->native(), ranks.size(), own, whole_limit, missing)
                                       : wait_for_rank_0(group->native(), own, whole_limit, missing);
  if (reply == Reply::missing) throw_missing(group->native(), missing, intention, whole_limit);
  if (reply == Reply::differ) throw_differences(*group, intention);
}

}  // namespace distload
