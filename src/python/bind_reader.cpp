// Readers: boxes of tensors.
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <distload/base/choices.hpp>
#include <distload/base/error.hpp>

#include "python/arguments.hpp"
#include "python/bindings.hpp"
#include "python/call.hpp"
#include "python/held_reader.hpp"
#include "python/memory.hpp"
#include "python/progress.hpp"
#include "python/sizes.hpp"

namespace distload::python {
namespace {

namespace nb = nanobind;

using Numbers = std::vector<std::uint64_t>;
/// Tensor, first element, sizes, and first element in the shard.
using RequestedBox = std::tuple<std::string, Numbers, Numbers, Numbers>;
/// Name, shape and parts.
using Request = std::tuple<std::string, Numbers, std::vector<RequestedBox>>;

std::vector<ShardRequest> requests_of(std::vector<Request> const& asked) {
  std::vector<ShardRequest> requests;
  for (auto const& [name, shape, parts] : asked) {
    auto& request = requests.emplace_back(ShardRequest{.name = name, .shape = dims_of(shape), .parts = {}});
    for (auto const& [tensor, begin, sizes, offset] : parts) {
      request.parts.push_back({tensor, {dims_of(begin), dims_of(sizes)}, dims_of(offset)});
    }
  }
  return requests;
}

/// The memory of the tensors that the requests are loaded into.
std::vector<Memory> memories_of(std::vector<Request> const& requests, std::vector<nb::object> const& tensors) {
  if (tensors.size() != requests.size()) throw ConfigError("load_into: a tensor is needed for each request");
  std::vector<Memory> memories;
  for (auto const& tensor : tensors) {
    auto const& memory = memories.emplace_back(from_dlpack(tensor, Place::shards));
    if (memory.read_only) {
      throw ConfigError("load_into: the tensor for " + std::get<0>(requests[memories.size() - 1]) + " is read-only");
    }
  }
  return memories;
}

TensorInfo const& tensor_of(HeldReader const& reader, std::string const& name) {
  auto const* const tensor = reader.catalog().find(name);
  if (tensor == nullptr) throw nb::key_error(name.c_str());
  return *tensor;
}

}  // namespace

void add_reader(nb::module_& core) {
  nb::class_<HeldReader>(core, "Reader")
      .def_static(
          "open",
          [](Group& group, std::string const& path, std::vector<Argument> const& arguments,
             nb::object const& progress) {
            return call([&group, path, arguments, sink = progress_sink(progress)] {
              auto const config = agreed_config(group, "distload.Reader", path, arguments);
              return std::make_shared<HeldReader>(group, config, sink);
            });
          },
          nb::arg("group"), nb::arg("path"), nb::arg("arguments"), nb::arg("progress") = nb::none())
      .def(
          "load",
          [](std::shared_ptr<HeldReader> const& reader, std::vector<Request> const& requests) {
            return call([reader, asked = requests_of(requests)] { return reader->load(asked); });
          },
          nb::arg("requests"))
      .def(
          "load_into",
          [](std::shared_ptr<HeldReader> const& reader, std::vector<Request> const& requests,
             std::vector<nb::object> const& tensors) {
            auto const memories = std::make_shared<std::vector<Memory>>(memories_of(requests, tensors));
            call([reader, asked = requests_of(requests), memories] { reader->load_into(asked, *memories); });
          },
          nb::arg("requests"), nb::arg("tensors"))
      .def("names",
           [](HeldReader const& reader) {
             std::vector<std::string> names;
             for (auto const& tensor : reader.catalog().tensors) names.push_back(tensor.name);
             return names;
           })
      .def("dtype", [](HeldReader const& reader,
                       std::string const& name) { return std::string(name_of(tensor_of(reader, name).dtype)); })
      .def("shape",
           [](HeldReader const& reader, std::string const& name) { return sizes_of(tensor_of(reader, name).shape); })
      .def("elements_per_unit",
           [](HeldReader const& reader, std::string const& name) {
             return elements_per_unit(tensor_of(reader, name).dtype);
           })
      .def("nbytes", [](HeldReader const& reader, std::string const& name) { return tensor_of(reader, name).nbytes(); })
      .def_prop_ro(
          "group", [](HeldReader const& reader) { return &reader.group(); }, nb::rv_policy::reference)
      .def_prop_ro("format", [](HeldReader const& reader) { return std::string(word_of(reader.catalog().format)); })
      .def_prop_ro("path", [](HeldReader const& reader) { return reader.catalog().path; })
      .def_prop_ro("step", [](HeldReader const& reader) { return reader.catalog().metadata.step; })
      .def_prop_ro("config_json", [](HeldReader const& reader) { return reader.catalog().metadata.config_json; })
      .def_prop_ro("extra", [](HeldReader const& reader) { return reader.catalog().metadata.extra; });
}

}  // namespace distload::python
