// Encodes requests.
#include "load/requests_message.hpp"

#include "base/wire.hpp"
#include "tensor/dims_wire.hpp"

namespace distload {
namespace {

ShardRequest get_request(WireReader& in) {
  ShardRequest request{.name = in.get_text(), .shape = get_dims(in), .parts = {}};
  for (auto left = in.get<std::size_t>(); left > 0; --left) {
    RequestedPart part;
    part.tensor = in.get_text();
    part.box.offset = get_dims(in);
    part.box.extent = get_dims(in);
    part.offset = get_dims(in);
    request.parts.push_back(std::move(part));
  }
  return request;
}

}  // namespace

std::vector<std::byte> encode(std::span<ShardRequest const> requests) {
  WireWriter out;
  out.put(requests.size());
  for (auto const& request : requests) {
    out.put_text(request.name);
    put_dims(out, request.shape);
    out.put(request.parts.size());
    for (auto const& part : request.parts) {
      out.put_text(part.tensor);
      put_dims(out, part.box.offset);
      put_dims(out, part.box.extent);
      put_dims(out, part.offset);
    }
  }
  return out.take();
}

std::vector<std::byte> joined_messages(std::span<std::vector<std::byte> const> messages) {
  std::vector<std::byte> joined;
  for (auto const& message : messages) joined.insert(joined.end(), message.begin(), message.end());
  return joined;
}

std::vector<std::vector<ShardRequest>> decode_requests(std::span<std::byte const> joined, std::uint32_t ranks) {
  WireReader in(joined);
  std::vector<std::vector<ShardRequest>> by_rank(ranks);
  for (auto& requests : by_rank) {
    for (auto left = in.get<std::size_t>(); left > 0; --left) requests.push_back(get_request(in));
  }
  return by_rank;
}

}  // namespace distload
