// Packs and hashes one part after the other.
#include "redistribute/moved_parts.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include <distload/base/error.hpp>

#include "base/hash.hpp"
#include "base/text.hpp"

namespace distload {
namespace {

/// Indices of the checks with each peer, in order.
std::map<std::uint32_t, std::vector<std::size_t>> by_peer(std::span<PlannedCheck const> checks) {
  std::map<std::uint32_t, std::vector<std::size_t>> indices;
  for (std::size_t i = 0; i < checks.size(); ++i) indices[checks[i].peer].push_back(i);
  return indices;
}

}  // namespace

MovedParts::MovedParts(RedistributePlan const& plan, Pack pack) : pack_(std::move(pack)) {
  Bytes largest = 0;
  for (auto const& wave : plan.waves) {
    for (auto const* list : {&wave.sent, &wave.received}) {
      for (auto const& check : *list) largest = std::max(largest, check.nbytes);
    }
  }
  packed_ = decltype(packed_)(Kokkos::view_alloc(Kokkos::WithoutInitializing, "distload::packed part"), largest);
}

std::vector<std::uint64_t> MovedParts::hashes_of(std::span<PlannedCheck const> checks) {
  std::vector<std::uint64_t> hashes;
  hashes.reserve(checks.size());
  for (auto const& check : checks) {
    pack_(check.copy, packed_.data());
    auto const part = Kokkos::subview(packed_, std::pair<Bytes, Bytes>(0, check.nbytes));
    auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), part);
    hashes.push_back(xxh3_64({host.data(), host.size()}));
  }
  return hashes;
}

void MovedParts::hash(RedistributeWave const& wave) {
  sent_ = hashes_of(wave.sent);
  received_ = hashes_of(wave.received);
}

void MovedParts::exchange(RedistributeWave const& wave, Communicator& control) {
  // A rank that has failed sends zeros; its failure is agreed on next.
  sent_.resize(wave.sent.size());
  expected_.assign(wave.received.size(), 0);
  std::map<std::uint32_t, std::vector<std::uint64_t>> outgoing;
  for (auto const& [peer, indices] : by_peer(wave.sent)) {
    for (auto const index : indices) outgoing[peer].push_back(sent_[index]);
  }
  std::map<std::uint32_t, std::vector<std::uint64_t>> incoming;
  auto const received = by_peer(wave.received);
  for (auto const& [peer, indices] : received) incoming[peer].resize(indices.size());
  std::vector<Send> sends;
  for (auto const& [peer, hashes] : outgoing) {
    auto const bytes = std::as_bytes(std::span(hashes));
    sends.push_back({peer, bytes.data(), bytes.size()});
  }
  std::vector<Receive> receives;
  for (auto& [peer, hashes] : incoming) {
    auto const bytes = std::as_writable_bytes(std::span(hashes));
    receives.push_back({peer, bytes.data(), bytes.size()});
  }
  control.exchange(sends, receives);
  for (auto const& [peer, indices] : received) {
    for (std::size_t i = 0; i < indices.size(); ++i) expected_[indices[i]] = incoming[peer][i];
  }
}

void MovedParts::compare(RedistributeWave const& wave, Side const& target, std::uint32_t rank) const {
  for (std::size_t i = 0; i < wave.received.size(); ++i) {
    if (received_[i] == expected_[i]) continue;
    auto const& check = wave.received[i];
    throw CorruptData("a part of " + printable(target.tensor_of(check.parameter).name) + " that rank " +
                      std::to_string(check.peer) + " sent to rank " + std::to_string(rank) +
                      " arrived changed: its XXH3-64 is " + format_hash(received_[i]) + ", not " +
                      format_hash(expected_[i]));
  }
}

}  // namespace distload
