/// Shard requests as messages between ranks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <distload/partition/shard_request.hpp>

namespace distload {

std::vector<std::byte> encode(std::span<ShardRequest const> requests);

/// All ranks' messages, in order, as one.
std::vector<std::byte> joined_messages(std::span<std::vector<std::byte> const> messages);

/// What each rank asks for, from the joined messages of so many ranks.
std::vector<std::vector<ShardRequest>> decode_requests(std::span<std::byte const> joined, std::uint32_t ranks);

}  // namespace distload
