// Words for a place in a checkpoint.
#include "io/location.hpp"

namespace distload {

std::string describe_location(Catalog const& catalog, Extent const& extent, Bytes begin, Bytes end) {
  return "tensor '" + catalog.tensors[extent.tensor].name + "' in " + catalog.files[extent.file].path +
         ", bytes [" + std::to_string(extent.offset_bytes + begin) + ", " +
         std::to_string(extent.offset_bytes + end) + ")";
}

}  // namespace distload
