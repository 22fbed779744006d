// Savers: of models, and of tensors of others.
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
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <distload/base/error.hpp>
#include <distload/save/saver.hpp>

#include "python/arguments.hpp"
#include "python/bindings.hpp"
#include "python/call.hpp"
#include "python/group.hpp"
#include "python/held_model.hpp"
#include "python/held_saver.hpp"
#include "python/memory.hpp"
#include "python/progress.hpp"
#include "python/runtime.hpp"
#include "python/sizes.hpp"

namespace distload::python {
namespace {

namespace nb = nanobind;

using Numbers = std::vector<std::uint64_t>;
/// First element in the tensor, sizes, and first element in the shard.
using HeldPart = std::tuple<Numbers, Numbers, Numbers>;
/// Name, type, shape of the whole tensor, the shard, and what it has of the tensor.
using Shards = std::vector<std::tuple<std::string, std::string, Numbers, nb::object, std::vector<HeldPart>>>;

BorrowedShards borrowed(Shards const& given) {
  BorrowedShards result;
  for (auto const& [name, type, shape, tensor, parts] : given) {
    auto const& memory = result.memories.emplace_back(from_dlpack(tensor, Place::shards));
    auto const dtype = parse_dtype(type);
    if (!dtype || size_of(*dtype) != size_of(memory.dtype)) {
      throw ConfigError("tensor " + name + " cannot be of type " + type + ": its elements have " +
                        std::to_string(size_of(memory.dtype)) + " bytes");
    }
    HeldShard shard{.name = name,
                    .dtype = *dtype,
                    .global_shape = dims_of(shape),
                    .layout = {.shape = memory.shape, .pieces = {}},
                    .data = memory.data};
    for (auto const& [begin, sizes, offset] : parts) {
      shard.layout.pieces.push_back({{dims_of(begin), dims_of(sizes)}, dims_of(offset)});
    }
    result.shards.push_back(std::move(shard));
  }
  return result;
}

CheckpointMetadata metadata_of(std::map<std::string, std::string> const& texts,
                               std::map<std::string, std::string> extra) {
  auto const text = [&](char const* name) {
    auto const found = texts.find(name);
    return found == texts.end() ? std::string() : found->second;
  };
  CheckpointMetadata metadata;
  metadata.model_name = text("name");
  metadata.architecture = text("architecture");
  metadata.config_json = text("config_json");
  metadata.extra = std::move(extra);
  return metadata;
}

using SavedAs = nb::typed<nb::dict, nb::str, nb::any>;

SavedAs as_dict(SaveResult const& saved) {
  SavedAs made;
  made["path"] = saved.path;
  made["step"] = saved.step;
  made["engine"] = std::string(word_of(saved.engine));
  made["seconds"] = saved.seconds;
  made["stall_seconds"] = saved.stall_seconds;
  made["checkpoint_bytes"] = saved.checkpoint_bytes;
  made["written_bytes"] = saved.bytes.written;
  made["unchanged_bytes"] = saved.bytes.unchanged;
  return made;
}

std::shared_ptr<HeldSaver> make_saver(Group& group, Config defaults, std::vector<Argument> const& arguments,
                                      ProgressSink progress) {
  auto config = agreed_config(group, "distload.save", std::move(defaults), arguments);
  if (!config.save) throw ConfigError("save: save.directory is not set");
  require_kokkos(config.runtime.threads, group.grid({.tensor_parallel = group.world().size()}));
  auto options = *std::move(config.save);
  options.staging = options.staging.value_or(config.load.staging);
  return HeldSaver::make(group, std::move(options), config.runtime, std::move(progress));
}

}  // namespace

void add_saver(nb::module_& core) {
  using Arguments = std::vector<Argument>;
  using Texts = std::map<std::string, std::string>;
  nb::class_<HeldSaver>(core, "Saver")
      .def_static(
          "of_model",
          [](std::shared_ptr<HeldModel> const& model, Arguments const& arguments, nb::object const& progress) {
            return call([model, arguments, sink = progress_sink(progress)] {
              return make_saver(model->group(), model->config(), arguments, sink);
            });
          },
          nb::arg("model"), nb::arg("arguments"), nb::arg("progress") = nb::none())
      .def_static(
          "of_group",
          [](Group& group, std::string const& directory, Arguments const& arguments, nb::object const& progress) {
            return call([&group, directory, arguments, sink = progress_sink(progress)] {
              Config defaults;
              defaults.checkpoint.path = directory;  // nothing is loaded, but a configuration has a path
              return make_saver(group, std::move(defaults), arguments, sink);
            });
          },
          nb::arg("group"), nb::arg("directory"), nb::arg("arguments"), nb::arg("progress") = nb::none())
      .def(
          "save",
          [](std::shared_ptr<HeldSaver> const& saver, std::shared_ptr<HeldModel> const& model,
             std::optional<std::uint64_t> step) {
            return as_dict(call([saver, model, step] { return saver->save(*model, step); }));
          },
          nb::arg("model"), nb::arg("step") = nb::none())
      .def(
          "save_async",
          [](std::shared_ptr<HeldSaver> const& saver, std::shared_ptr<HeldModel> const& model,
             std::optional<std::uint64_t> step) { call([saver, model, step] { saver->save_async(*model, step); }); },
          nb::arg("model"), nb::arg("step") = nb::none())
      .def(
          "save_shards",
          [](std::shared_ptr<HeldSaver> const& saver, Shards const& shards, Texts const& texts, Texts const& extra) {
            auto const own = std::make_shared<BorrowedShards>(borrowed(shards));
            return as_dict(
                call([saver, own, metadata = metadata_of(texts, extra)] { return saver->save(*own, metadata); }));
          },
          nb::arg("shards"), nb::arg("texts"), nb::arg("extra"))
      .def(
          "save_shards_async",
          [](std::shared_ptr<HeldSaver> const& saver, Shards const& shards, Texts const& texts, Texts const& extra) {
            auto const own = std::make_shared<BorrowedShards>(borrowed(shards));
            call([saver, own, metadata = metadata_of(texts, extra)] { saver->save_async(*own, metadata); });
          },
          nb::arg("shards"), nb::arg("texts"), nb::arg("extra"))
      .def("wait", [](std::shared_ptr<HeldSaver> const& saver) -> std::optional<SavedAs> {
        auto const saved = call([saver] { return saver->wait(); });
        if (!saved) return std::nullopt;
        return as_dict(*saved);
      });
}

}  // namespace distload::python
