// Sockets, addresses and the format of datagrams.
#include "parallel/liveness/watch_channel.hpp"

#include <algorithm>
#include <array>
#include <random>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <distload/base/error.hpp>

#include "base/wire.hpp"
#include "parallel/all_gathered.hpp"

namespace distload {
namespace {

enum class Kind : std::uint8_t { report, answer };

constexpr std::size_t kMostReceivers = 4;
constexpr std::size_t kMostAddresses = 8;
/// A report of this many ranks fits into a packet.
constexpr std::size_t kRanksPerReport = 8;
constexpr std::size_t kMostDatagramBytes = 64 * 1024;

/// Address of a rank's socket, in network byte order.
struct Reachable {
  std::uint16_t port = 0;  ///< 0: no socket
  std::uint16_t count = 0;
  std::array<std::uint32_t, kMostAddresses> addresses{};
};

/// A socket at any free port; -1 on failure.
int open_socket() {
  int const descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  if (descriptor >= 0 && bind(descriptor, reinterpret_cast<sockaddr const*>(&any), sizeof any) != 0) {
    close(descriptor);
    return -1;
  }
  return descriptor;
}

Reachable reachable(int descriptor) {
  Reachable own;
  sockaddr_in name{};
  socklen_t size = sizeof name;
  ifaddrs* all = nullptr;
  if (descriptor < 0 || getsockname(descriptor, reinterpret_cast<sockaddr*>(&name), &size) != 0 ||
      getifaddrs(&all) != 0)
    return own;
  own.port = name.sin_port;
  for (auto const* each = all; each != nullptr && own.count < kMostAddresses; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET || (each->ifa_flags & IFF_LOOPBACK) != 0)
      continue;
    own.addresses[own.count++] = reinterpret_cast<sockaddr_in const*>(each->ifa_addr)->sin_addr.s_addr;
  }
  freeifaddrs(all);
  return own;
}

void put(WireWriter& out, RankState const& state) {
  out.put(state.rank);
  out.put(state.beats);
  out.put(state.looks);
  out.put(state.waits);
  out.put(state.is_watched);
  out.put_text(state.phase);
  out.put_text(state.call);
  out.put_text(state.condition);
}

}  // namespace

WatchChannel::WatchChannel(Communicator& world, std::vector<std::uint32_t> const& node_of,
                           std::vector<std::string> const& hosts)
    : socket_(open_socket()), is_with_rank_0_(node_of[world.rank()] == 0) {
  std::random_device random;
  token_ = (std::uint64_t{random()} << 32U) | random();
  world.broadcast(std::as_writable_bytes(std::span(&token_, 1)), 0);
  auto const all = all_gathered(world, reachable(socket_));
  for (std::uint32_t rank = 0; rank < world.size(); ++rank) {
    if (node_of[rank] != 0) {
      places_[rank] = others_.size();
      others_.push_back({.rank = rank, .phase = {}, .host = hosts[rank], .is_known = false});
    } else if (receivers_.size() < kMostReceivers) {
      receivers_.emplace_back(rank, hosts[rank]);
      auto& addresses = addresses_.emplace_back();
      for (std::size_t i = 0; i < all[rank].count; ++i) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = all[rank].port;
        address.sin_addr.s_addr = all[rank].addresses[i];
        addresses.push_back(address);
      }
    }
  }
}

WatchChannel::~WatchChannel() {
  if (socket_ >= 0) close(socket_);
}

bool WatchChannel::send(std::span<std::byte const> bytes, sockaddr_in const& to) const noexcept {
  return sendto(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                reinterpret_cast<sockaddr const*>(&to), sizeof to) >= 0;
}

void WatchChannel::report(std::span<RankState const> states) {
  for (std::size_t begin = 0; begin < states.size(); begin += kRanksPerReport) {
    auto const part = states.subspan(begin, std::min(kRanksPerReport, states.size() - begin));
    WireWriter out;
    out.put(token_);
    out.put(Kind::report);
    out.put(part.size());
    for (auto const& state : part) put(out, state);
    auto const bytes = out.take();
    for (auto const& addresses : addresses_) {
      for (auto const& address : addresses) send(bytes, address);
    }
  }
}

void WatchChannel::take_report(std::span<std::byte const> bytes) {
  WireReader in(bytes);
  if (in.get<std::uint64_t>() != token_ || in.get<Kind>() != Kind::report) throw InternalError("not a report");
  for (auto count = in.get<std::size_t>(); count > 0; --count) {
    auto const place = places_.find(in.get<std::uint32_t>());
    if (place == places_.end()) throw InternalError("not a rank of another node");
    auto& state = others_[place->second];
    state.beats = in.get<std::uint64_t>();
    state.looks = in.get<std::uint64_t>();
    state.waits = in.get<std::uint8_t>() != 0;
    state.is_watched = in.get<std::uint8_t>() != 0;
    state.phase = in.get_text();
    state.call = in.get_text();
    state.condition = in.get_text();
    state.is_known = true;
  }
}

std::vector<RankState> const& WatchChannel::receive() {
  std::vector<std::byte> bytes(kMostDatagramBytes);
  while (true) {
    sockaddr_in from{};
    socklen_t size = sizeof from;
    auto const got =
        recvfrom(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &size);
    if (got < 0) break;
    try {
      take_report(std::span(bytes).first(static_cast<std::size_t>(got)));
    } catch (InternalError const&) {
      continue;  // a datagram from outside of the job
    }
    WireWriter out;
    out.put(token_);
    out.put(Kind::answer);
    send(out.take(), from);
  }
  return others_;
}

bool WatchChannel::take_answers() {
  bool answered = false;
  std::array<std::byte, sizeof token_ + sizeof(Kind)> bytes{};
  while (true) {
    sockaddr_in from{};
    socklen_t size = sizeof from;
    auto const got =
        recvfrom(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &size);
    if (got < 0) return answered;
    if (static_cast<std::size_t>(got) != bytes.size()) continue;
    WireReader in(bytes);
    if (in.get<std::uint64_t>() != token_ || in.get<Kind>() != Kind::answer) continue;
    answered = true;
    // From now on, report only to the address whose answers arrive.
    for (auto& addresses : addresses_) {
      auto const answers = [&](sockaddr_in const& address) {
        return address.sin_port == from.sin_port && address.sin_addr.s_addr == from.sin_addr.s_addr;
      };
      if (std::ranges::any_of(addresses, answers)) addresses = {from};
    }
  }
}

}  // namespace distload
