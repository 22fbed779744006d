// Divides tensors at block boundaries into pieces of similar size and assigns them, the largest first.
#include "save/stream/stream_plan.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <queue>
#include <utility>

namespace distload {
namespace {

/// Approximate number of pieces per rank, if tensors can be divided that far, so that ranks end at similar times.
constexpr std::uint64_t kPiecesPerRank = 8;

/// The position in (after, last] that is a multiple of the outermost possible slice.
std::uint64_t best_cut_in(Shape const& shape, std::uint64_t after, std::uint64_t last) {
  auto slice = volume(shape);
  for (auto const size : shape) {
    slice /= size;
    if (auto const place = round_down(last, slice); place > after) return place;
  }
  return last;
}

/// Row-major index in the tensor of element number `number` of a box.
std::uint64_t index_of(Shape const& shape, Box const& box, std::uint64_t number) {
  auto position = boxes_of_range(box.extent, number, number + 1).front().offset;
  for (std::size_t axis = 0; axis < position.size(); ++axis) position[axis] += box.offset[axis];
  return linear_index(shape, position);
}

bool can_be_cut(Shape const& shape, std::vector<StreamExtent> const& extents, Bytes element_bytes,
                std::uint64_t place) {
  return std::ranges::all_of(extents, [&](StreamExtent const& extent) {
    if (element_bytes % extent.grain_bytes == 0) return true;
    auto const before = elements_before(shape, extent.box, place);
    return before == volume(extent.box) || before * element_bytes % extent.grain_bytes == 0;
  });
}

/// The positions at which the tensor can be divided as far as one destination extent is concerned, ascending.
std::vector<std::uint64_t> places_to_cut(StreamTensor const& tensor) {
  std::vector<std::uint64_t> places;
  for (auto const& extent : tensor.destinations) {
    auto const step = std::max<std::uint64_t>(1, extent.grain_bytes / size_of(tensor.to));
    for (std::uint64_t number = 0; number < volume(extent.box); number += step) {
      // Any position behind the previous element divides the extent here.
      auto const last = index_of(tensor.shape, extent.box, number);
      auto const after = number == 0 ? 0 : index_of(tensor.shape, extent.box, number - 1);
      places.push_back(best_cut_in(tensor.shape, after, last));
    }
  }
  std::ranges::sort(places);
  return places;
}

Bytes element_cost(StreamTensor const& tensor) { return size_of(tensor.from) + size_of(tensor.to); }

/// Appends the pieces of a tensor, each with at least `least_bytes` to read and write.
void append_pieces(StreamTensor const& tensor, std::uint32_t number, Bytes least_bytes,
                   std::vector<StreamPiece>& pieces) {
  auto const elements = volume(tensor.shape);
  if (elements == 0) return;
  auto const cost = element_cost(tensor);
  std::uint64_t begin = 0;
  auto const cut = [&](std::uint64_t end) {
    pieces.push_back({number, begin, end, (end - begin) * cost});
    begin = end;
  };
  if (elements * cost > least_bytes) {
    for (auto const place : places_to_cut(tensor)) {
      if (place <= begin || (place - begin) * cost < least_bytes) continue;
      if (!can_be_cut(tensor.shape, tensor.destinations, size_of(tensor.to), place)) continue;
      if (can_be_cut(tensor.shape, tensor.sources, size_of(tensor.from), place)) cut(place);
    }
  }
  cut(elements);
}

/// Merges adjacent pieces.
void join(std::vector<StreamPiece>& pieces) {
  std::ranges::sort(pieces, {}, [](StreamPiece const& piece) { return std::pair(piece.tensor, piece.begin); });
  std::vector<StreamPiece> joined;
  for (auto const& piece : pieces) {
    if (!joined.empty() && joined.back().tensor == piece.tensor && joined.back().end == piece.begin) {
      joined.back().end = piece.end;
      joined.back().cost_bytes += piece.cost_bytes;
    } else {
      joined.push_back(piece);
    }
  }
  pieces = std::move(joined);
}

}  // namespace

std::vector<std::vector<StreamPiece>> share_out(StreamTensors const& tensors, std::uint32_t ranks) {
  Bytes total = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    auto const tensor = tensors[i];
    total += volume(tensor.shape) * element_cost(tensor);
  }
  std::vector<StreamPiece> pieces;
  for (std::uint32_t i = 0; i < tensors.size(); ++i)
    append_pieces(tensors[i], i, total / (kPiecesPerRank * ranks), pieces);

  std::ranges::stable_sort(pieces, std::greater{}, &StreamPiece::cost_bytes);
  using Load = std::pair<Bytes, std::uint32_t>;  // bytes and number of a rank
  std::priority_queue<Load, std::vector<Load>, std::greater<>> least_loaded;
  for (std::uint32_t rank = 0; rank < ranks; ++rank) least_loaded.emplace(0, rank);
  std::vector<std::vector<StreamPiece>> shares(ranks);
  for (auto const& piece : pieces) {
    auto const [load, rank] = least_loaded.top();
    least_loaded.pop();
    shares[rank].push_back(piece);
    least_loaded.emplace(load + piece.cost_bytes, rank);
  }
  for (auto& share : shares) join(share);
  return shares;
}

std::uint64_t end_of_stretch(Shape const& shape, std::uint64_t begin, std::uint64_t most) {
  auto slice = volume(shape);
  if (most >= slice) return slice;
  for (std::size_t axis = 0; axis < shape.size() && slice > most; ++axis) slice /= shape[axis];
  // Rounds to a number of slices with many factors of two; gives up at most an eighth of the range.
  slice *= std::bit_floor(std::max<std::uint64_t>(1, most / slice / 8));
  auto const end = round_down(begin + most, slice);
  return std::min(end > begin ? end : begin + most, volume(shape));
}

}  // namespace distload
