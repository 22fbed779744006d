// Checks, sorts and joins read requests.
#include "io/engines/read_order.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <tuple>

#include <distload/base/error.hpp>

#include "io/engines/location.hpp"

namespace distload {
namespace {

Bytes file_offset(Catalog const& catalog, ReadRequest const& request) {
  return catalog.extents[request.extent].offset_bytes + request.begin_bytes;
}

bool continues(Run const& run, std::uint32_t file, Bytes offset, ReadRequest const& request, Bytes longest_run) {
  auto* const next = run.destination == nullptr ? nullptr : run.destination + run.nbytes;
  return run.file == file && run.offset_bytes + run.nbytes == offset && request.destination == next &&
         run.nbytes < longest_run && request.nbytes <= longest_run - run.nbytes;
}

}  // namespace

void check_request(Catalog const& catalog, ReadRequest const& request, bool verify) {
  if (request.extent >= catalog.extents.size())
    throw InternalError("a read request for extent " + std::to_string(request.extent) + " of " +
                        std::to_string(catalog.extents.size()));
  auto const& extent = catalog.extents[request.extent];
  bool const inside = request.begin_bytes <= extent.nbytes && request.nbytes <= extent.nbytes - request.begin_bytes;
  auto const end = request.begin_bytes + request.nbytes;
  bool const whole_blocks =
      request.begin_bytes % catalog.block_bytes == 0 && (end % catalog.block_bytes == 0 || end == extent.nbytes);
  if (!inside || (verify && extent.has_checksums() && !whole_blocks))
    throw InternalError("a read request that leaves its extent or cuts a block: " +
                        describe_location(catalog, extent, request.begin_bytes, end));
}

ReadOrder order_requests(Catalog const& catalog, std::span<ReadRequest const> requests, Bytes longest_run,
                         bool verify) {
  // Divided at block boundaries, each piece can be verified independently.
  if (longest_run != kUnlimitedRun) longest_run = round_up(std::max(longest_run, Bytes{1}), catalog.block_bytes);
  ReadOrder order;
  order.requests.reserve(requests.size());
  for (auto request : requests) {
    check_request(catalog, request, verify);
    if (request.destination == nullptr) {
      if (request.nbytes > 0) order.requests.push_back(request);
      continue;
    }
    while (request.nbytes > 0) {
      auto piece = request;
      piece.nbytes = std::min(request.nbytes, longest_run);
      order.requests.push_back(piece);
      request.begin_bytes += piece.nbytes;
      request.nbytes -= piece.nbytes;
      request.destination += piece.nbytes;
    }
  }
  auto const key = [&](ReadRequest const& request) {
    return std::tuple(catalog.extents[request.extent].file, file_offset(catalog, request));
  };
  std::ranges::stable_sort(order.requests, {}, key);

  for (std::size_t i = 0; i < order.requests.size(); ++i) {
    auto const& request = order.requests[i];
    auto const [file, offset] = key(request);
    if (!order.runs.empty() && continues(order.runs.back(), file, offset, request, longest_run)) {
      order.runs.back().nbytes += request.nbytes;
      ++order.runs.back().request_count;
    } else {
      order.runs.push_back({file, offset, request.nbytes, request.destination, i, 1});
    }
  }
  return order;
}

std::vector<Neighbours> short_neighbours(ReadOrder const& order,
                                         std::function<bool(Run const&, Run const&, Run const&)> const& joins) {
  std::span const all(order.runs);
  std::vector<Neighbours> neighbours;
  for (std::size_t first = 0; first < all.size();) {
    auto nbytes = all[first].nbytes;
    auto next = first + 1;
    for (; nbytes <= kStepBytes && next < all.size(); ++next) {
      auto const& run = all[next];
      nbytes += run.nbytes;
      if (std::max(all[first].nbytes, run.nbytes) > kShortRunBytes || nbytes > kStepBytes ||
          !joins(all[first], all[next - 1], run)) {
        break;
      }
    }
    neighbours.push_back(all.subspan(first, next - first));
    first = next;
  }
  return neighbours;
}

std::vector<PassingBytes> passing_bytes(Catalog const& catalog, Run const& run, std::span<ReadRequest const> requests,
                                        Bytes begin, std::span<std::byte const> bytes) {
  auto const begin_in_run = [&](ReadRequest const& request) {
    return file_offset(catalog, request) - run.offset_bytes;
  };
  auto request = std::ranges::upper_bound(requests, begin, std::ranges::less(), begin_in_run) - 1;
  std::vector<PassingBytes> parts;
  while (!bytes.empty()) {
    auto const done = begin - begin_in_run(*request);
    auto const part = bytes.first(std::min<Bytes>(bytes.size(), request->nbytes - done));
    parts.push_back({request->number, done, part});
    begin += part.size();
    bytes = bytes.subspan(part.size());
    ++request;
  }
  return parts;
}

}  // namespace distload
