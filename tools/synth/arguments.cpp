// Options of distload-synth.
#include "synth/arguments.hpp"

#include <vector>

#include "app/parse_arguments.hpp"

namespace distload::synth {

std::optional<Arguments> parse_synth_arguments(int argc, char const* const* argv) {
  Arguments arguments;
  auto& overrides = arguments.overrides;
  ProgramApp app(
      {"distload-synth",
       "writes a checkpoint with random weights",
       {{"distload-synth DIR --size 4GB", "a checkpoint of llama's kind, of about so many bytes"},
        {"distload-synth DIR --config config.json", "of the model that config.json describes"},
        {"distload-synth DIR --config config.json --sparse", "only headers: of any size in seconds, for plans"},
        {"mpirun -np 4 distload-synth DIR --format hdf5 --tensor-parallel 8", "one parallel HDF5 file, by 4 ranks"}},
       "It is of a model's config.json, in any family that distload knows, or of a size, with the names and "
       "proportions of one of six families. Alone, or under mpirun, whose ranks share the work. The same seed gives "
       "the same weights in every format and layout."});
  app.add_option("out", arguments.out, "directory to write to")->type_name("DIR")->required();
  auto* const config = app.add_option("--config", arguments.config,
                                      "config.json, or its folder: its tensors, by the rules of its family")
                           ->type_name("FILE|DIR");
  app.add_option("--quantization", arguments.quantization,
                 "with --config: format of the weights (awq, fp8, nvfp4, ...), or a JSON file with a "
                 "quantization_config; what config.json "
                 "says by default")
      ->type_name("NAME|FILE");
  app.add_option("--rules", arguments.rules, "with --config: your own rule file")
      ->check(CLI::ExistingFile)
      ->type_name("FILE");
  app.add_flag("--sparse", arguments.sparse, "only headers, with holes instead of weights: any size in seconds");
  auto* const family = app.add_option("--family", arguments.family, "whose names and proportions it has")
                           ->type_name("llama|mistral|qwen2|qwen3|bert|deepseek_v3")
                           ->capture_default_str();
  auto* const size = app.add_option("--size", arguments.size, "about so many bytes of weights: 4GB, 500 MiB")
                         ->type_name("SIZE")
                         ->capture_default_str();
  app.add_option("--format", arguments.format, "safetensors, or hdf5: OUT/model-step-N.h5")
      ->check(CLI::IsMember({"safetensors", "hdf5"}))
      ->capture_default_str();
  app.add_option("--dtype", arguments.dtype, "of the weights; that of config.json, or bf16 by default")
      ->type_name("bf16|f16|f32|f64");
  app.add_option("--seed", arguments.seed, "of the weights")->check(CLI::NonNegativeNumber)->capture_default_str();
  app.add_option("--step", arguments.step, "training step of the HDF5 file; 0 by default")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--tensor-parallel", arguments.tensor_parallel,
                 "ranks that the HDF5 file is laid out for; 1 by default")
      ->check(CLI::Range(1U, 65536U));
  app.add_option("--shard-size", arguments.shard_size, "largest safetensors file; 5GB by default")->type_name("SIZE");
  app.add_option("--threads", arguments.threads, "per rank, for safetensors; this node's cores by default")
      ->check(CLI::Range(1U, 1024U));
  std::vector<CLI::Option*> of_families{family, size};
  auto const add_size = [&](char const* name, auto& value, char const* text) {
    of_families.push_back(app.add_option(name, value, text));
  };
  add_size("--layers", overrides.layers, "so many layers; what is not given is chosen by --size, here and below");
  add_size("--hidden", overrides.hidden, "size of a token's vector");
  add_size("--heads", overrides.heads, "heads of queries");
  add_size("--kv-heads", overrides.kv_heads, "heads of keys and values");
  add_size("--head-dim", overrides.head_dim, "size of a head");
  add_size("--intermediate", overrides.intermediate, "size between the matrices of the MLP");
  add_size("--experts", overrides.experts, "experts of a layer, of deepseek_v3");
  add_size("--expert-intermediate", overrides.expert_intermediate,
           "size between the matrices of an expert, of deepseek_v3");
  add_size("--vocabulary", overrides.vocabulary, "number of tokens");
  of_families.push_back(app.add_flag("--tied", overrides.tied, "the output head is the embedding"));
  for (auto* const option : of_families) config->excludes(option);
  app.add_flag("--force", arguments.force, "replace what is there");
  if (!parse_arguments(app, argc, argv)) return std::nullopt;
  return arguments;
}

}  // namespace distload::synth
