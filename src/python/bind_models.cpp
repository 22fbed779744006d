// Models: load, reload, redistribute, save.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <distload/base/error.hpp>
#include <distload/parallel/resolve_topology.hpp>

#include "python/arguments.hpp"
#include "python/bindings.hpp"
#include "python/call.hpp"
#include "python/group.hpp"
#include "python/held_model.hpp"
#include "python/progress.hpp"
#include "python/sizes.hpp"

namespace distload::python {
namespace {

namespace nb = nanobind;

std::map<std::string, std::uint32_t> degrees_of(Topology const& topology) {
  return {{"tensor_parallel", topology.tensor_parallel},
          {"pipeline_parallel", topology.pipeline_parallel},
          {"data_parallel", topology.data_parallel},
          {"expert_parallel", topology.expert_parallel}};
}

std::map<std::string, double> phases_of(LoadTimes const& times) {
  return {
      {"open", times.open_seconds},         {"partition", times.partition_seconds}, {"plan", times.plan_seconds},
      {"allocate", times.allocate_seconds}, {"read", times.read_seconds},           {"upload", times.upload_seconds},
      {"exchange", times.exchange_seconds}, {"place", times.place_seconds},         {"total", times.total_seconds}};
}

/// (offset in the parameter, sizes, offset in the shard) of every piece.
std::vector<std::tuple<Sizes, Sizes, Sizes>> pieces_of(Shard const& shard) {
  std::vector<std::tuple<Sizes, Sizes, Sizes>> pieces;
  for (auto const& piece : shard.layout.pieces) {
    pieces.emplace_back(sizes_of(piece.global.offset), sizes_of(piece.global.extent), sizes_of(piece.local_offset));
  }
  return pieces;
}

std::shared_ptr<HeldModel> redistributed(HeldModel& model, std::vector<Argument> const& arguments, bool in_place,
                                         ProgressSink progress) {
  auto defaults = model.config();
  defaults.topology = TopologyOptions();
  auto const config = agreed_config(model.group(), "distload.redistribute", std::move(defaults), arguments);
  auto const& asked = config.topology;
  auto const topology = resolve_topology(asked.tensor_parallel, asked.pipeline_parallel, asked.data_parallel,
                                         model.group().world().size(), asked.expert_parallel);
  return model.redistribute(topology, config, redistribute_options_of(config, arguments), in_place,
                            std::move(progress));
}

Shard const& shard_of(HeldModel const& model, std::string const& name) {
  auto const* const shard = model.model().find(name);
  if (shard == nullptr) throw nb::key_error(name.c_str());
  return *shard;
}

}  // namespace

void add_models(nb::module_& core) {
  using Arguments = std::vector<Argument>;
  nb::class_<HeldModel>(core, "Model")
      .def_static(
          "load",
          [](Group& group, std::string const& path, Arguments const& arguments, nb::object const& progress) {
            return call([&group, path, arguments, sink = progress_sink(progress)] {
              return HeldModel::load(group, agreed_config(group, "distload.load", path, arguments), sink);
            });
          },
          nb::arg("group"), nb::arg("path"), nb::arg("arguments"), nb::arg("progress") = nb::none())
      .def(
          "reload",
          [](std::shared_ptr<HeldModel> const& model, Arguments const& arguments, nb::object const& progress) {
            call([model, arguments, sink = progress_sink(progress)] {
              model->reload(agreed_config(model->group(), "distload.reload", model->config(), arguments), sink);
            });
          },
          nb::arg("arguments"), nb::arg("progress") = nb::none())
      .def(
          "redistribute",
          [](std::shared_ptr<HeldModel> const& model, Arguments const& arguments, bool in_place,
             nb::object const& progress) {
            return call([model, arguments, in_place, sink = progress_sink(progress)] {
              return redistributed(*model, arguments, in_place, sink);
            });
          },
          nb::arg("arguments"), nb::arg("in_place") = false, nb::arg("progress") = nb::none())
      .def(
          "report",
          [](std::shared_ptr<HeldModel> const& model, bool tensors) {
            return call([model, tensors] { return model->report(tensors); });
          },
          nb::arg("tensors") = false)
      .def("check_numbers", [](std::shared_ptr<HeldModel> const& model) { call([model] { model->check_numbers(); }); })
      .def_prop_ro(
          "group", [](HeldModel const& model) { return &model.group(); }, nb::rv_policy::reference)
      .def_prop_ro("topology", [](HeldModel const& model) { return degrees_of(model.model().topology()); })
      .def_prop_ro("times", [](HeldModel const& model) { return phases_of(model.times()); })
      .def_prop_ro("engine",
                   [](HeldModel const& model) {
                     return std::pair(std::string(word_of(model.engine().name)), model.engine().reason);
                   })
      .def_prop_ro("path", [](HeldModel const& model) { return model.config().checkpoint.path; })
      .def_prop_ro("step", [](HeldModel const& model) { return model.model().metadata().step; })
      .def_prop_ro("name", [](HeldModel const& model) { return model.model().metadata().model_name; })
      .def_prop_ro("architecture", [](HeldModel const& model) { return model.model().metadata().architecture; })
      .def_prop_ro("config_json", [](HeldModel const& model) { return model.model().metadata().config_json; })
      .def_prop_ro("extra", [](HeldModel const& model) { return model.model().metadata().extra; })
      .def_prop_ro("resident_bytes", [](HeldModel const& model) { return model.model().resident_bytes(); })
      .def("names",
           [](HeldModel const& model) {
             std::vector<std::string> names;
             for (auto const& shard : model.model().shards()) names.push_back(shard.name);
             return names;
           })
      .def("holds", [](HeldModel const& model, std::string const& name) { return model.model().find(name) != nullptr; })
      .def("tensor", [](HeldModel& model, std::string const& name) { return model.memory_of(shard_of(model, name)); })
      .def("partition", [](HeldModel const& model, std::string const& name) { return shard_of(model, name).partition; })
      .def("global_shape",
           [](HeldModel const& model, std::string const& name) { return sizes_of(shard_of(model, name).global_shape); })
      .def("pieces", [](HeldModel const& model, std::string const& name) { return pieces_of(shard_of(model, name)); })
      .def("stages", [](HeldModel const& model, std::string const& name) { return shard_of(model, name).stages; })
      .def("added_once",
           [](HeldModel const& model, std::string const& name) { return shard_of(model, name).added_once; });
}

}  // namespace distload::python
