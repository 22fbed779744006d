// Gathers what the ranks hold.
#include "save/save_source.hpp"

#include <memory>
#include <utility>
#include <vector>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "base/wire.hpp"
#include "checkpoint/validate_catalog.hpp"
#include "parallel/all_or_throw.hpp"
#include "tensor/dims_wire.hpp"

namespace distload {
namespace {

std::vector<std::byte> encode(std::span<HeldShard const> shards) {
  WireWriter out;
  out.put(shards.size());
  for (auto const& shard : shards) {
    out.put_text(shard.name);
    out.put(shard.dtype);
    put_dims(out, shard.global_shape);
    put_dims(out, shard.layout.shape);
    out.put(shard.layout.pieces.size());
    for (auto const& piece : shard.layout.pieces) {
      put_dims(out, piece.global.offset);
      put_dims(out, piece.global.extent);
      put_dims(out, piece.local_offset);
    }
  }
  return out.take();
}

HeldShard get_shard(WireReader& in) {
  HeldShard shard;
  shard.name = in.get_text();
  shard.dtype = in.get_enum(kLastDType);
  shard.global_shape = get_dims(in);
  shard.layout.shape = get_dims(in);
  for (auto left = in.get<std::size_t>(); left > 0; --left) {
    Piece piece;
    piece.global.offset = get_dims(in);
    piece.global.extent = get_dims(in);
    piece.local_offset = get_dims(in);
    shard.layout.pieces.push_back(piece);
  }
  return shard;
}

[[noreturn]] void refuse(std::uint32_t rank, HeldShard const& shard, std::string const& why) {
  throw ConfigError("rank " + std::to_string(rank) + " holds " + printable(shard.name) + " " +
                    std::string(name_of(shard.dtype)) + " " + to_string(shard.global_shape) + ": " + why);
}

void check_shard(std::uint32_t rank, HeldShard const& shard) {
  if (auto const why = why_no_name(shard.name)) throw ConfigError(*why);
  auto const axes = shard.global_shape.size();
  for (auto const& piece : shard.layout.pieces) {
    bool const has_axes = shard.layout.shape.size() == axes && piece.global.offset.size() == axes &&
                          piece.global.extent.size() == axes && piece.local_offset.size() == axes;
    if (has_axes && contains(whole(shard.global_shape), piece.global) &&
        contains(whole(shard.layout.shape), {piece.local_offset, piece.global.extent})) {
      continue;
    }
    refuse(rank, shard,
           "its box " + to_string(piece.global) + " is not in the tensor, or at " + to_string(piece.local_offset) +
               " not in a shard of shape " + to_string(shard.layout.shape));
  }
}

/// A tensor, and what every rank holds of it.
struct Held {
  HeldShard first;
  RankLayouts layouts;
};

std::map<std::string, Held> merged(std::span<std::byte const> message, std::uint32_t ranks) {
  std::map<std::string, Held> tensors;
  WireReader in(message);
  for (std::uint32_t rank = 0; rank < ranks; ++rank) {
    for (auto left = in.get<std::size_t>(); left > 0; --left) {
      auto shard = get_shard(in);
      check_shard(rank, shard);
      auto const [entry, is_new] = tensors.try_emplace(shard.name);
      auto& held = entry->second;
      if (is_new) {
        held.first = shard;
        held.layouts.of_rank.resize(ranks);
      } else if (held.first.dtype != shard.dtype || !(held.first.global_shape == shard.global_shape)) {
        refuse(rank, shard,
               "another rank has it as " + std::string(name_of(held.first.dtype)) + " " +
                   to_string(held.first.global_shape));
      }
      if (held.layouts.of_rank[rank]) refuse(rank, shard, "for the second time");
      held.layouts.of_rank[rank] = std::move(shard.layout);
    }
  }
  return tensors;
}

void check_complete(Held const& held) {
  std::vector<Box> boxes;
  for (auto const& layout : held.layouts.of_rank) {
    if (!layout) continue;
    for (auto const& piece : layout->pieces) boxes.push_back(piece.global);
  }
  auto const missing = volume(held.first.global_shape) - union_volume(boxes);
  if (missing == 0) return;
  throw ConfigError("no rank holds " + std::to_string(missing) + " of the " +
                    std::to_string(volume(held.first.global_shape)) + " elements of " + printable(held.first.name) +
                    ", which is to be saved");
}

}  // namespace

SaveSource source_of(ShardedModel const& model, Communicator& ranks) {
  SaveSource source{.tensors = gather_held_tensors(model, ranks),
                    .topology = model.topology(),
                    .loaded = model.sources(),
                    .own_shards = {}};
  for (auto const& shard : model.shards()) source.own_shards.emplace(shard.name, model.bytes(shard).data());
  return source;
}

SaveSource source_of(std::span<HeldShard const> own, Communicator& ranks) {
  auto const messages = gather_messages(ranks, encode(own), 0);
  std::vector<std::byte> joined;
  for (auto const& message : messages) joined.insert(joined.end(), message.begin(), message.end());
  joined = broadcast_message(ranks, std::move(joined), 0);
  return all_or_throw(ranks, "save_gather", [&] {
    SaveSource source{.tensors = {}, .topology = {.tensor_parallel = ranks.size()}, .loaded = {}, .own_shards = {}};
    for (auto& [name, held] : merged(joined, ranks.size())) {
      check_complete(held);
      source.tensors.specs.push_back({name, held.first.dtype, held.first.global_shape, {}});
      source.tensors.held.push_back(
          {.partition = {}, .stages = {0}, .layouts = std::make_shared<RankLayouts>(std::move(held.layouts))});
    }
    for (auto const& shard : own) source.own_shards.emplace(shard.name, shard.data);
    return source;
  });
}

}  // namespace distload
