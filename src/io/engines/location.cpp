// Describes positions in a checkpoint.
#include "io/engines/location.hpp"

#include <distload/base/error.hpp>

#include "base/text.hpp"

namespace distload {

std::string describe_location(Catalog const& catalog, Extent const& extent, Bytes begin, Bytes end) {
  return "tensor '" + printable(catalog.tensors[extent.tensor].name) + "' in " + catalog.files[extent.file].path +
         ", bytes [" + std::to_string(extent.offset_bytes + begin) + ", " + std::to_string(extent.offset_bytes + end) +
         ")";
}

void throw_truncated(Catalog const& catalog, std::span<ReadRequest const> requests, Bytes got) {
  auto request = requests.begin();
  while (got >= request->nbytes) got -= (request++)->nbytes;
  throw CorruptData("truncated file: " +
                    describe_location(catalog, catalog.extents[request->extent], request->begin_bytes + got,
                                      request->begin_bytes + request->nbytes) +
                    " are missing");
}

}  // namespace distload
