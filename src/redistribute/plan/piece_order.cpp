// Classes by the ranks that give and get.
#include "redistribute/plan/piece_order.hpp"

#include <algorithm>
#include <limits>

namespace distload {
namespace {

constexpr auto kNoGroup = std::numeric_limits<std::uint32_t>::max();

/// Stages and expert group of a parameter on both sides.
using ClassKey = std::tuple<std::vector<std::uint32_t>, std::uint32_t, std::vector<std::uint32_t>, std::uint32_t>;

std::uint32_t expert_group_of(Parameter const& parameter) {
  return parameter.experts ? parameter.experts->group.value_or(kNoGroup) : kNoGroup;
}

ClassKey class_of(Side const& source, Side const& target, std::uint32_t index) {
  auto const& parameter = source.parameter(index);
  auto const stored = source.stored[source.tensor_of(index).first_extent];
  ClassKey key{parameter.stages, expert_group_of(parameter), {}, kNoGroup};
  if (auto const place = target.place_of[stored]) {
    auto const& to = target.parameter(place->parameter);
    std::get<2>(key) = to.stages;
    std::get<3>(key) = expert_group_of(to);
  }
  return key;
}

}  // namespace

Bands bands_of(Side const& source, std::uint32_t parameter, SourceSegment const& segment, Bytes piece_bytes) {
  return {segment.box, size_of(source.dtype_of(parameter)), piece_bytes, source.parameter(parameter).transposed};
}

std::vector<PieceRef> order_pieces(Side const& source, Side const& target, SourceKinds& kinds, Bytes piece_bytes) {
  auto const count = static_cast<std::uint32_t>(source.cut.layout.parameters.size());
  std::map<ClassKey, Bytes> totals;
  std::vector<std::pair<Bytes const*, Bytes>> progress;  // total of its class, and what of it comes before
  progress.reserve(count);
  for (std::uint32_t index = 0; index < count; ++index) {
    auto& total = totals[class_of(source, target, index)];
    progress.emplace_back(&total, total);
    total += source.tensor_of(index).nbytes();
  }
  std::vector<PieceRef> pieces;
  for (std::uint32_t index = 0; index < count; ++index) {
    auto const& [total, before] = progress[index];
    auto const nbytes = static_cast<double>(source.tensor_of(index).nbytes());
    auto const& segments = kinds.of(index).segments;
    for (std::uint32_t segment = 0; segment < segments.size(); ++segment) {
      auto const bands = bands_of(source, index, segments[segment], piece_bytes).count();
      for (std::uint64_t band = 0; band < bands; ++band) {
        auto const share = (static_cast<double>(band) + 0.5) / static_cast<double>(bands);
        pieces.push_back({.progress = (static_cast<double>(before) + share * nbytes) / static_cast<double>(*total),
                          .parameter = index,
                          .segment = segment,
                          .band = band});
      }
    }
  }
  std::ranges::stable_sort(pieces, {}, &PieceRef::progress);
  return pieces;
}

}  // namespace distload
