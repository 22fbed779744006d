// Passes messages in place where the group serves the memory of the numbers, and otherwise through host memory.
#include "layers/group_messages.hpp"

#include <algorithm>
#include <cstddef>

#include <Kokkos_Core.hpp>

#include <distload/layers/activations.hpp>

namespace distload {
namespace {

template <class Space>
using NumbersIn = Kokkos::View<float*, Space, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
template <class Space>
using ConstNumbersIn = Kokkos::View<float const*, Space, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;

constexpr bool kInHostMemory = Kokkos::SpaceAccessibility<Kokkos::HostSpace, ShardSpace>::accessible;

/// True if the group's messages can be sent from, and received in, `ShardSpace`.
bool serves_shards(Communicator const& group) { return group.serves_device_memory() != kInHostMemory; }

void copy(float* to, float const* from, std::uint64_t size) {
  Kokkos::deep_copy(Kokkos::DefaultExecutionSpace(), NumbersIn<ShardSpace>(to, size),
                    ConstNumbersIn<ShardSpace>(from, size));
}

std::vector<float> on_host(float const* data, std::uint64_t size) {
  std::vector<float> numbers(size);
  Kokkos::deep_copy(NumbersIn<Kokkos::HostSpace>(numbers.data(), size), ConstNumbersIn<ShardSpace>(data, size));
  return numbers;
}

void to_shard_space(float* to, std::span<float const> numbers) {
  Kokkos::deep_copy(NumbersIn<ShardSpace>(to, numbers.size()),
                    ConstNumbersIn<Kokkos::HostSpace>(numbers.data(), numbers.size()));
}

void exchange_directly(Communicator& group, std::span<NumbersToSend const> parts,
                       std::span<NumbersPlace const> places) {
  std::vector<Send> sends;
  std::vector<Receive> receives;
  for (auto const& part : parts) {
    sends.push_back({part.rank, reinterpret_cast<std::byte const*>(part.data), part.size * sizeof(float)});
  }
  for (auto const& place : places) {
    receives.push_back({place.rank, reinterpret_cast<std::byte*>(place.data), place.size * sizeof(float)});
  }
  group.exchange(sends, receives);
}

void exchange_through_host(Communicator& group, std::span<NumbersToSend const> parts,
                           std::span<NumbersPlace const> places) {
  std::vector<std::vector<float>> sent;
  std::vector<std::vector<float>> received;
  std::vector<NumbersToSend> parts_on_host;
  std::vector<NumbersPlace> places_on_host;
  for (auto const& part : parts) {
    sent.push_back(on_host(part.data, part.size));
    parts_on_host.push_back({part.rank, sent.back().data(), part.size});
  }
  for (auto const& place : places) {
    received.emplace_back(place.size);
    places_on_host.push_back({place.rank, received.back().data(), place.size});
  }
  exchange_directly(group, parts_on_host, places_on_host);
  for (std::size_t i = 0; i < places.size(); ++i) to_shard_space(places[i].data, received[i]);
}

}  // namespace

void exchange(Communicator& group, std::span<NumbersToSend const> parts, std::span<NumbersPlace const> places) {
  std::vector<NumbersToSend> to_others;
  std::vector<NumbersToSend> to_self;
  for (auto const& part : parts) (part.rank == group.rank() ? to_self : to_others).push_back(part);
  std::vector<NumbersPlace> from_others;
  auto next = to_self.begin();
  for (auto const& place : places) {
    if (place.rank != group.rank()) {
      from_others.push_back(place);
    } else {
      copy(place.data, next->data, place.size);
      ++next;
    }
  }
  Kokkos::fence("distload: numbers of messages are complete");
  if (serves_shards(group)) {
    exchange_directly(group, to_others, from_others);
  } else {
    exchange_through_host(group, to_others, from_others);
  }
}

void gather(Communicator& group, std::span<float const> own, std::span<std::uint64_t const> sizes, float* all) {
  if (group.size() == 1) {
    copy(all, own.data(), own.size());
    return;
  }
  bool const has_equal_sizes = std::ranges::all_of(sizes, [&](std::uint64_t size) { return size == sizes[0]; });
  if (has_equal_sizes && serves_shards(group)) {
    Kokkos::fence("distload: numbers of messages are complete");
    group.all_gather(std::as_bytes(own), std::as_writable_bytes(std::span(all, own.size() * group.size())));
    return;
  }
  std::vector<NumbersToSend> parts;
  std::vector<NumbersPlace> places;
  for (std::uint32_t rank = 0; rank < group.size(); ++rank) {
    parts.push_back({rank, own.data(), own.size()});
    places.push_back({rank, all, sizes[rank]});
    all += sizes[rank];
  }
  exchange(group, parts, places);
}

void add_over(Communicator& group, std::span<float> numbers) {
  if (group.size() == 1) return;
  Kokkos::fence("distload: numbers of messages are complete");
  if (serves_shards(group)) {
    group.all_reduce(numbers, Reduction::sum);
    return;
  }
  auto copy_on_host = on_host(numbers.data(), numbers.size());
  group.all_reduce(std::span(copy_on_host), Reduction::sum);
  to_shard_space(numbers.data(), copy_on_host);
}

}  // namespace distload
