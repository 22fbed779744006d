// Tensors, and cutting and joining them.
#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <distload/base/error.hpp>
#include <distload/load/shard.hpp>
#include <distload/partition/partition.hpp>

#include "python/bindings.hpp"
#include "python/memory.hpp"
#include "python/sizes.hpp"

namespace distload::python {
namespace {

namespace nb = nanobind;

PartitionKind kind_of(std::string const& name) {
  for (auto const kind : {PartitionKind::replicated, PartitionKind::column_parallel, PartitionKind::row_parallel,
                          PartitionKind::vocab_parallel, PartitionKind::expert_parallel}) {
    if (name_of(kind) == name) return kind;
  }
  throw ConfigError("'" + name +
                    "' is no kind of partition; there are replicated, column_parallel, row_parallel, "
                    "vocab_parallel and expert_parallel");
}

Memory cut(nb::object const& tensor, Partition const& partition, std::uint32_t rank, std::uint32_t ranks) {
  auto const whole = from_dlpack(tensor, Place::host);
  auto shard = allocate(whole.dtype, detail::checked_shard_shape(partition, whole.shape, rank, ranks));
  nb::gil_scoped_release const unlocked;
  detail::copy_to_shard(partition, whole.shape, rank, ranks, size_of(whole.dtype), whole.data, shard.data,
                        detail::Reach::host);
  return shard;
}

Memory join(std::vector<nb::object> const& tensors, Partition const& partition, Shape const& shape) {
  if (tensors.empty()) throw ConfigError("unshard: there are no shards");
  std::vector<Memory> shards;
  std::vector<Shape> shapes;
  std::vector<std::byte const*> bytes;
  for (auto const& tensor : tensors) {
    auto const& shard = shards.emplace_back(from_dlpack(tensor, Place::host));
    if (shard.dtype != shards.front().dtype) throw ConfigError("unshard: the shards have different dtypes");
    shapes.push_back(shard.shape);
    bytes.push_back(shard.data);
  }
  detail::check_shards(partition, shape, shapes);
  auto whole = allocate(shards.front().dtype, shape);
  nb::gil_scoped_release const unlocked;
  detail::copy_from_shards(partition, shape, size_of(whole.dtype), bytes, whole.data, detail::Reach::host);
  return whole;
}

nb::object exported(Memory const& memory, std::optional<std::pair<int, int>> max_version,
                    std::optional<std::pair<int, int>> device, std::optional<bool> copy) {
  if (device && *device != dlpack_device(memory)) {
    throw nb::buffer_error("the tensor is on another device; copy it there with the library that wants it");
  }
  if (!copy.value_or(false)) return to_dlpack(memory, max_version);
  if (memory.device) throw nb::buffer_error("tensors on a device are not copied here");
  auto copied = allocate(memory.dtype, memory.shape);
  std::copy_n(memory.data, volume(memory.shape) * size_of(memory.dtype), copied.data);
  return to_dlpack(std::move(copied), max_version);
}

}  // namespace

void add_tensors(nb::module_& core) {
  nb::class_<Section>(core, "Section", "A range of the cut axis that is divided separately, in elements.")
      .def_prop_ro(
          "size", [](Section const& section) { return section.size; }, "Elements along the axis.")
      .def_prop_ro(
          "unit", [](Section const& section) { return section.unit; },
          "Elements that are not separated, e.g. those of a head.")
      .def_prop_ro(
          "replicate_units", [](Section const& section) { return section.replicate_units; },
          "With fewer units than ranks, several ranks hold the same unit.")
      .def_prop_ro(
          "uneven", [](Section const& section) { return section.uneven; },
          "The first ranks hold one unit more if the ranks do not divide the units.");

  nb::class_<Partition>(core, "Partition", "How a parameter is cut over tensor-parallel ranks.")
      .def(
          "__init__",
          [](Partition* self, std::string const& kind, std::uint32_t axis,
             std::vector<std::pair<std::uint64_t, std::uint64_t>> const& sections) {
            new (self) Partition{.kind = kind_of(kind), .axis = axis, .sections = {}};
            for (auto const& [size, unit] : sections) self->sections.push_back({.size = size, .unit = unit});
          },
          nb::arg("kind"), nb::arg("axis") = 0, nb::arg("sections") = nb::list(),
          "sections: (size, unit) in elements for each range of the axis that is divided separately.")
      .def_prop_ro(
          "kind", [](Partition const& partition) { return std::string(name_of(partition.kind)); },
          "'replicated', 'column_parallel', 'row_parallel', 'vocab_parallel' or 'expert_parallel'.")
      .def_prop_ro(
          "axis", [](Partition const& partition) { return partition.axis; }, "The axis that is cut; 0 when replicated.")
      .def_prop_ro(
          "sections", [](Partition const& partition) { return partition.sections; },
          "Along that axis, in order; empty when replicated.")
      .def(
          "__eq__", [](Partition const& a, Partition const& b) { return a == b; }, nb::is_operator(),
          nb::sig("def __eq__(self, other: object, /) -> bool"));

  nb::class_<Memory>(core, "Tensor",
                     "A row-major tensor in memory of distload, for any library that takes DLPack. Its memory lives as "
                     "long as anything that was made of it.")
      .def_prop_ro(
          "dtype", [](Memory const& memory) { return std::string(name_of(memory.dtype)); },
          "safetensors' name: 'BF16', 'F32', 'F8_E4M3', ...")
      .def_prop_ro(
          "shape", [](Memory const& memory) { return sizes_of(memory.shape); }, "Elements along each axis.")
      .def_prop_ro("nbytes", [](Memory const& memory) { return volume(memory.shape) * size_of(memory.dtype); })
      .def_prop_ro(
          "data_ptr", [](Memory const& memory) { return reinterpret_cast<std::uintptr_t>(memory.data); },
          "Address of the first byte.")
      .def_ro("read_only", &Memory::read_only, "True where the memory is a mapped file.")
      .def("__dlpack_device__", &dlpack_device)
      .def(
          "__dlpack__",
          [](Memory const& memory, nb::object const& /*stream*/, std::optional<std::pair<int, int>> max_version,
             std::optional<std::pair<int, int>> dl_device,
             std::optional<bool> copy) { return exported(memory, max_version, dl_device, copy); },
          nb::kw_only(), nb::arg("stream") = nb::none(), nb::arg("max_version") = nb::none(),
          nb::arg("dl_device") = nb::none(), nb::arg("copy") = nb::none());

  core.def("shard", &cut, nb::arg("tensor"), nb::arg("partition"), nb::arg("rank"), nb::arg("ranks"));
  core.def(
      "unshard",
      [](std::vector<nb::object> const& shards, Partition const& partition, std::vector<std::uint64_t> const& shape) {
        return join(shards, partition, dims_of(shape));
      },
      nb::arg("shards"), nb::arg("partition"), nb::arg("shape"));
}

}  // namespace distload::python
