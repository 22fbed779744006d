// Sums bytes and estimates the time.
#include "app/describe_conversion.hpp"

#include <fmt/core.h>

namespace distload {

std::string describe_conversion(OpenedCheckpoint const& checkpoint, ConvertOptions const& options,
                                CostModel const& cost, ProcessGrid const& grid, SaveForecast const& save) {
  auto const read = converted_bytes(checkpoint, std::nullopt);
  auto const written = converted_bytes(checkpoint, options.dtype);
  auto const ranks = grid.topology().ranks();
  return fmt::format(
      "converts {}, {} parameters, by {} ranks\n"
      "reads      {}\n"
      "writes     {}\n"
      "memory     {} of staging per rank, {} together\n"
      "disk       {} of {} that are free, for {}\n"
      "predicted  {:.3f} s\n",
      checkpoint.stored_catalog().path, checkpoint.layout.parameters.size(), ranks, format_bytes(read),
      format_bytes(written), format_bytes(options.staging_bytes), format_bytes(options.staging_bytes * ranks),
      format_bytes(save.space.nbytes), save.space.available ? format_bytes(*save.space.available) : "an unknown size",
      save.space.path, static_cast<double>(read) / cost.storage_bandwidth + save.seconds);
}

}  // namespace distload
