// Makes a synthetic llama in four layouts.
#include "bench/make_checkpoints.hpp"

#include <filesystem>

#include "checkpoint/file_name.hpp"
#include "parallel/on_all.hpp"
#include "synth/choose_sizes.hpp"
#include "synth/families.hpp"
#include "synth/write_hdf5.hpp"
#include "synth/write_safetensors.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

bool is_there(Communicator& world, fs::path const& path) { return is_on_all(world, fs::exists(path)); }

}  // namespace

std::vector<std::string> make_checkpoints(Communicator& world, std::string const& directory, Bytes nbytes) {
  auto const& family = *synth::find_family("llama");
  auto const dtype = DType::bf16;
  auto const sizes = synth::choose_sizes(family, nbytes / size_of(dtype), {});
  auto const model = synth::model_of(family, sizes, dtype, 0);
  std::vector<std::string> made;
  std::vector<std::uint32_t> layouts{world.size(), 2 * world.size()};
  if (world.size() % 2 == 0) layouts.push_back(world.size() / 2);
  for (auto const layout : layouts) {
    auto const path = fs::path(directory) / ("hdf5-" + std::to_string(layout));
    if (!is_there(world, path))
      synth::write_hdf5(model, (path / checkpoint_file_name(0)).string(), 0, layout, false, world);
    made.push_back(path.string());
  }
  auto const path = fs::path(directory) / "safetensors";
  if (!is_there(world, path))
    synth::write_safetensors(model, path.string(), 5'000'000'000, 1, synth::Storage::allocated, world);
  made.push_back(path.string());
  return made;
}

}  // namespace distload
