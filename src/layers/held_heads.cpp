// Finds heads in the outputs that a shard has.
#include "layers/held_heads.hpp"

#include <algorithm>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "layers/kernels/in_shard_space.hpp"

namespace distload {
namespace {

/// How many of the outputs are held.
std::uint64_t held_of(std::vector<HeldRange> const& held, Range const& outputs) {
  std::uint64_t count = 0;
  for (auto const& range : held) {
    auto const begin = std::max(range.global.begin, outputs.begin);
    auto const end = std::min(range.global.end, outputs.end);
    if (begin < end) count += end - begin;
  }
  return count;
}

}  // namespace

OutputsOfHead heads_of_width(std::uint64_t width, std::uint64_t first) {
  return [=](std::uint32_t head) { return Range{first + head * width, first + (head + std::uint64_t{1}) * width}; };
}

HeldHeads held_heads(BoundShard const& queries, OutputsOfHead const& outputs, std::uint32_t heads,
                     std::uint32_t key_heads) {
  if (key_heads == 0 || heads % key_heads != 0) {
    throw ConfigError(std::to_string(heads) + " heads cannot share " + std::to_string(key_heads) + " key heads");
  }
  auto const held = queries.held_outputs();
  HeldHeads found;
  std::vector<std::uint32_t> places;
  for (std::uint32_t head = 0; head < heads; ++head) {
    auto const range = outputs(head);
    auto const count = held_of(held, range);
    if (count == 0) continue;
    if (count != range.size() || (!found.queries.empty() && found.queries.back() + 1 != head)) {
      throw ConfigError("'" + printable(queries.name()) + "' is not cut between heads of " +
                        std::to_string(range.size()) + " outputs");
    }
    found.queries.push_back(head);
    auto const key_head = head / (heads / key_heads);
    if (found.keys.empty() || found.keys.back() != key_head) found.keys.push_back(key_head);
    places.push_back(static_cast<std::uint32_t>(found.keys.size() - 1));
  }
  found.key_heads = in_shard_space(places, "distload::key_heads");
  return found;
}

std::vector<Range> outputs_of(std::vector<std::uint32_t> const& heads, OutputsOfHead const& outputs) {
  std::vector<Range> ranges;
  ranges.reserve(heads.size());
  for (auto const head : heads) ranges.push_back(outputs(head));
  return ranges;
}

LinearMatrix heads_matrix(ShardedModel const& model, LinearPart part, std::vector<std::uint32_t> const& heads,
                          OutputsOfHead const& outputs, Communicator const& group) {
  part.outputs = outputs_of(heads, outputs);
  LinearMatrix matrix(model, part);
  matrix.shard().check_group(model.topology(), group);
  return matrix;
}

}  // namespace distload
