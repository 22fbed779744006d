// Converts byte ranges to boxes.
#include "io/mpi/hyperslab_pieces.hpp"

#include <algorithm>
#include <tuple>

#include <distload/base/error.hpp>

#include "io/engines/location.hpp"
#include "io/engines/read_order.hpp"

namespace distload {
namespace {

/// Appends parts of `box` of at most `most_elements` (> 0) each to `parts`, in row-major order.
void cut_box(Box const& box, std::uint64_t most_elements, std::vector<Box>& parts) {
  auto const elements = volume(box);
  if (elements <= most_elements) return parts.push_back(box);
  std::size_t axis = 0;
  while (box.extent[axis] == 1) ++axis;
  auto const slab = elements / box.extent[axis];
  auto const step = std::max<std::uint64_t>(most_elements / slab, 1);
  for (std::uint64_t begin = 0; begin < box.extent[axis]; begin += step) {
    auto part = box;
    part.offset[axis] += begin;
    part.extent[axis] = std::min(step, box.extent[axis] - begin);
    cut_box(part, most_elements, parts);
  }
}

void append_pieces(Catalog const& catalog, ReadRequest const& request, Bytes longest_piece,
                   std::vector<HyperslabPiece>& pieces) {
  auto const& extent = catalog.extents[request.extent];
  auto const element = size_of(catalog.tensors[extent.tensor].dtype);
  auto const end = request.begin_bytes + request.nbytes;
  if (request.begin_bytes % element != 0 || end % element != 0)
    throw InternalError("a read request that cuts an element: " +
                        describe_location(catalog, extent, request.begin_bytes, end));
  std::vector<Box> parts;
  auto const most = std::max<std::uint64_t>(longest_piece / element, 1);
  for (auto const& box : boxes_of_range(extent.box.extent, request.begin_bytes / element, end / element))
    cut_box(box, most, parts);
  auto* destination = request.destination;
  for (auto& box : parts) {
    auto const nbytes = volume(box) * element;
    for (std::size_t axis = 0; axis < box.offset.size(); ++axis) box.offset[axis] += extent.box.offset[axis];
    pieces.push_back({extent.tensor, box, nbytes, destination});
    destination += nbytes;
  }
}

}  // namespace

HyperslabPieces hyperslab_pieces(Catalog const& catalog, std::span<ReadRequest const> requests, Bytes longest_piece) {
  HyperslabPieces result;
  for (auto const& request : requests) {
    check_request(catalog, request);
    if (request.nbytes > 0) result.requests.push_back(request);
  }
  std::ranges::stable_sort(result.requests, {}, [&](ReadRequest const& request) {
    return std::tuple(catalog.extents[request.extent].tensor, request.extent, request.begin_bytes);
  });
  for (auto const& request : result.requests) append_pieces(catalog, request, longest_piece, result.pieces);
  return result;
}

}  // namespace distload
