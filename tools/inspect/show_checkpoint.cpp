// Prints catalog, plan and health as tables.
#include "inspect/show_checkpoint.hpp"

#include <string>

#include <fmt/core.h>

#include "base/standard_streams.hpp"
#include "base/table.hpp"
#include "base/text.hpp"
#include "checkpoint/packed_shape.hpp"

namespace distload {

void print_metadata(Catalog const& catalog) {
  auto const& metadata = catalog.metadata;
  std::uint64_t checksummed = 0;
  for (auto const& extent : catalog.extents) checksummed += extent.has_checksums() ? extent.nbytes : 0;
  Table table;
  table.add({"checkpoint", catalog.path});
  table.add({"format", catalog.format == SourceFormat::hdf5 ? "HDF5" : "safetensors"});
  table.add({"model", printable(metadata.model_name)});
  table.add({"architecture", printable(metadata.architecture)});
  table.add({"parameters", std::to_string(metadata.model_size)});
  table.add({"step", std::to_string(metadata.step)});
  table.add({"created", printable(metadata.created)});
  table.add({"writer", printable(metadata.writer)});
  table.add({"tensor_parallel", std::to_string(metadata.tensor_parallel)});
  table.add({"files", std::to_string(catalog.files.size())});
  table.add({"tensors", std::to_string(catalog.tensors.size()) + ", " + format_bytes(catalog.nbytes())});
  table.add({"extents", std::to_string(catalog.extents.size())});
  table.add({"checksums", format_bytes(checksummed) + " in blocks of " + format_bytes(catalog.block_bytes)});
  for (auto const& [key, value] : metadata.extra) table.add({printable(key), printable(value)});
  for (auto const& file : metadata.files) {
    if (file.by_default) table.add({"carries", printable(file.name) + ", " + format_bytes(file.nbytes)});
  }
  print(table.text());
  for (auto const& warning : catalog.warnings) print("warning: " + printable_lines(warning) + "\n");
}

void print_tensors(Catalog const& catalog) {
  Table table;
  table.add({"tensor", "dtype", "shape", "bytes", "written as", "extents"});
  for (auto const& tensor : catalog.tensors) {
    auto written = tensor.partition.empty() ? std::string("-") : tensor.partition;
    if (tensor.axis >= 0) written += " axis " + std::to_string(tensor.axis);
    table.add({printable(tensor.name), std::string(name_of(tensor.dtype)),
               to_string(shape_in_numbers(tensor.dtype, tensor.shape)), format_bytes(tensor.nbytes()), written,
               std::to_string(tensor.extent_count)});
  }
  for (auto const& tensor : catalog.unreadable)
    table.add({printable(tensor.name), "-", "-", "-", tensor.absent ? "not there" : tensor.why, "-"});
  print("\n" + table.text());
}

void print_extents(Catalog const& catalog) {
  Table table;
  table.add({"tensor", "box", "file", "offset", "bytes", "checksums"});
  for (auto const& extent : catalog.extents) {
    table.add({printable(catalog.tensors[extent.tensor].name), to_string(extent.box), catalog.files[extent.file].path,
               std::to_string(extent.offset_bytes), std::to_string(extent.nbytes),
               extent.has_checksums() ? "yes" : "no"});
  }
  print("\n" + table.text());
}

void print_plan(Catalog const& catalog, Planned const& planned) {
  auto const& topology = planned.plan.topology;
  print(fmt::format("\nplan for {} ranks (tensor {} x pipeline {} x data {})\n", topology.ranks(),
                    topology.tensor_parallel, topology.pipeline_parallel, topology.data_parallel));
  print(describe(planned.plan, catalog, planned.layout));
}

void print_health(Health const& health) {
  print("\n");
  for (auto const& block : health.damage) print(printable_lines(block.reason) + "\n");
  print(printable_lines(summary_of(health)) + "\n");
}

}  // namespace distload
