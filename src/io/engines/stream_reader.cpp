// Reads, then verifies.
#include "io/engines/stream_reader.hpp"

#include <distload/base/error.hpp>

#include "base/fault.hpp"
#include "io/engines/location.hpp"

namespace distload {

void StreamReader::read(std::span<ReadRequest const> requests) {
  ReadOptions options;
  options.verify = false;  // the engine would require whole blocks
  engine_->read(requests, options);
  if (!verify_) return;
  fault_point("verify");
  for (auto const& request : requests)
    if (request.nbytes > 0 && catalog_->extents[request.extent].has_checksums()) verify(request);
}

void StreamReader::verify(ReadRequest const& request) {
  auto const& extent = catalog_->extents[request.extent];
  auto const found = begun_.try_emplace(request.extent, *catalog_).first;
  auto& verifier = found->second;
  if (request.begin_bytes % catalog_->block_bytes == 0) {
    verifier.start(extent, request.begin_bytes);
  } else if (verifier.position() != request.begin_bytes) {
    throw InternalError(
        "a read does not follow the last one: " +
        describe_location(*catalog_, extent, request.begin_bytes, request.begin_bytes + request.nbytes));
  }
  verifier.update({request.destination, request.nbytes});
  if (verifier.is_between_blocks()) begun_.erase(found);
}

}  // namespace distload
