// Generates the next piece while one is written: HDF5 is used by one thread per rank.
#include "synth/write_hdf5.hpp"

#include <algorithm>
#include <future>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "parallel/all_or_throw.hpp"
#include "partition/partition_model.hpp"
#include "partition/rules/rule_directories.hpp"
#include "save/checkpoint_writer.hpp"
#include "synth/content.hpp"

namespace distload::synth {
namespace {

/// A part of an extent that is generated and written at once; a multiple of every checkpoint's block size.
constexpr Bytes kHdf5PieceBytes = 4 * kBlockBytes;

struct ExtentPiece {
  std::uint32_t extent = 0;
  Bytes begin_bytes = 0;
};

/// The model's tensors without extents, as the rules need them.
Catalog catalog_of(Model const& model) {
  Catalog catalog;
  catalog.path = model.family;
  for (auto const& tensor : model.tensors)
    catalog.tensors.push_back({.name = tensor.name, .dtype = tensor.dtype, .shape = tensor.shape, .partition = {}});
  std::ranges::sort(catalog.tensors, {}, &TensorInfo::name);
  return catalog;
}

std::vector<TensorSpec> specs_of(Model const& model, std::uint32_t tensor_parallel) {
  auto const catalog = catalog_of(model);
  auto const layout = partition_model(catalog, {.tensor_parallel = tensor_parallel},
                                      {model.family, model.config, default_rule_directories()});
  std::vector<TensorSpec> specs;
  for (auto const& parameter : layout.parameters) {
    auto const& tensor = catalog.tensors[parameter.tensor];
    specs.push_back({tensor.name, tensor.dtype, tensor.shape, parameter.partition});
  }
  return specs;
}

std::vector<ExtentPiece> pieces_of(Catalog const& catalog, Communicator const& ranks) {
  std::vector<ExtentPiece> pieces;
  std::uint64_t number = 0;
  for (std::uint32_t extent = 0; extent < catalog.extents.size(); ++extent) {
    for (Bytes begin = 0; begin < catalog.extents[extent].nbytes; begin += kHdf5PieceBytes) {
      if (number++ % ranks.size() == ranks.rank()) pieces.push_back({extent, begin});
    }
  }
  return pieces;
}

/// Local: writes this rank's pieces.
void write_pieces(Model const& model, CheckpointWriter& writer, Communicator const& ranks) {
  auto const& catalog = writer.catalog();
  std::unordered_map<std::string_view, TensorNumbers> numbers;
  for (auto const& tensor : model.tensors) numbers.emplace(tensor.name, tensor.numbers);
  auto const numbers_of = [&](std::string const& name) {
    auto const known = numbers.find(name);
    return known == numbers.end() ? TensorNumbers{} : known->second;
  };
  std::vector<Content> contents;
  for (auto const& tensor : catalog.tensors)
    contents.emplace_back(tensor.name, model.seed, tensor.dtype, numbers_of(tensor.name));
  auto const pieces = pieces_of(catalog, ranks);
  auto const generate = [&](ExtentPiece const& piece, std::vector<std::byte> buffer) {
    auto const& extent = catalog.extents[piece.extent];
    buffer.resize(std::min(kHdf5PieceBytes, extent.nbytes - piece.begin_bytes));
    contents[extent.tensor].fill_box(catalog.tensors[extent.tensor].shape, extent.box,
                                     piece.begin_bytes / size_of(catalog.tensors[extent.tensor].dtype), buffer);
    return buffer;
  };

  // Two buffers: one is written while the other is filled.
  std::vector<std::byte> spare;
  std::future<std::vector<std::byte>> filled;
  auto const begin_filling = [&](std::size_t number) {
    if (number < pieces.size()) {
      filled = std::async(std::launch::async, generate, pieces[number], std::exchange(spare, {}));
    }
  };
  begin_filling(0);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    auto bytes = filled.get();
    begin_filling(i + 1);
    writer.write(pieces[i].extent, pieces[i].begin_bytes, bytes);
    spare = std::move(bytes);
  }
}

}  // namespace

void write_hdf5(Model const& model, std::string const& path, std::uint64_t step, std::uint32_t tensor_parallel,
                bool overwrite, Communicator& ranks) {
  auto const specs = all_or_throw(ranks, "partition", [&] { return specs_of(model, tensor_parallel); });
  CheckpointMetadata metadata;
  metadata.model_name = "synthetic-" + model.family;
  metadata.architecture = model.architecture;
  metadata.step = step;
  metadata.config_json = model.config;
  metadata.extra["seed"] = std::to_string(model.seed);
  SaveOptions const options{.tensor_parallel = tensor_parallel, .overwrite = overwrite};
  CheckpointWriter writer(path, std::move(metadata), specs, options, ranks);
  all_or_throw(ranks, "write", [&] { write_pieces(model, writer, ranks); });
  writer.commit();
}

}  // namespace distload::synth
