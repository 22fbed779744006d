// Two sums.
#include "app/describe_conversion.hpp"

#include <fmt/format.h>

namespace distload {

std::string describe_conversion(OpenedCheckpoint const& checkpoint, ConvertOptions const& options,
                                CostConfig const& cost, ProcessGrid const& grid) {
  Bytes read = 0;
  Bytes written = 0;
  for (auto const& parameter : checkpoint.layout.parameters) {
    auto const& tensor = checkpoint.catalog.tensors[parameter.tensor];
    read += tensor.nbytes();
    written += volume(tensor.shape) * size_of(dtype_in_memory(parameter, tensor.dtype, options.dtype));
  }
  auto const ranks = grid.topology().ranks();
  return fmt::format(
      "converts {}, {} parameters, by {} ranks\n"
      "reads      {}\n"
      "writes     {}\n"
      "memory     {} of staging per rank, {} together\n"
      "predicted  {:.3f} s at {}/s for reading and writing together\n",
      checkpoint.stored_catalog().path, checkpoint.layout.parameters.size(), ranks, format_bytes(read),
      format_bytes(written), format_bytes(options.staging_bytes), format_bytes(options.staging_bytes * ranks),
      static_cast<double>(read + written) / static_cast<double>(cost.storage_bandwidth),
      format_bytes(cost.storage_bandwidth));
}

}  // namespace distload
