// Writes safetensors without distload's writers, so that tests do not depend on them.
#include "support/tiny_llama.hpp"

#include <fstream>

#include <distload/base/bytes.hpp>

namespace distload::testing {

std::vector<TinyTensor> tiny_llama_tensors() {
  std::vector<TinyTensor> tensors{
      {"lm_head.weight", {101, 128}}, {"model.embed_tokens.weight", {101, 128}}, {"model.norm.weight", {128}}};
  for (int layer = 0; layer < 3; ++layer) {
    auto const prefix = "model.layers." + std::to_string(layer) + ".";
    tensors.insert(tensors.end(), {{prefix + "input_layernorm.weight", {128}},
                                   {prefix + "mlp.down_proj.weight", {128, 144}},
                                   {prefix + "mlp.gate_proj.weight", {144, 128}},
                                   {prefix + "mlp.up_proj.weight", {144, 128}},
                                   {prefix + "post_attention_layernorm.weight", {128}},
                                   {prefix + "self_attn.k_proj.weight", {32, 128}},
                                   {prefix + "self_attn.o_proj.weight", {128, 128}},
                                   {prefix + "self_attn.q_proj.weight", {128, 128}},
                                   {prefix + "self_attn.v_proj.weight", {32, 128}}});
  }
  return tensors;
}

float tiny_llama_value(std::size_t tensor, std::uint64_t index) {
  return static_cast<float>(tensor * 100000 + index) + 0.5F;
}

float tiny_llama_weight(std::size_t tensor, std::uint64_t index) {
  // Multipliers of MurmurHash3's finalizer.
  auto bits = (tensor + 1) * 0xFF51AFD7ED558CCDU + index * 0xC4CEB9FE1A85EC53U;
  bits ^= bits >> 33U;
  bits *= 0xFF51AFD7ED558CCDU;
  return static_cast<float>(bits >> 40U) * 0x1.0p-26F - 0.125F;
}

void write_tiny_llama(std::string const& directory, TinyValue value) {
  std::ofstream(directory + "/config.json") << R"({
  "architectures": ["LlamaForCausalLM"], "model_type": "llama", "_name_or_path": "tiny-llama",
  "hidden_size": 128, "intermediate_size": 144, "num_attention_heads": 8, "num_key_value_heads": 2,
  "num_hidden_layers": 3, "vocab_size": 101, "tie_word_embeddings": false, "torch_dtype": "float32"
})";
  auto const tensors = tiny_llama_tensors();
  std::string header = "{";
  std::uint64_t offset = 0;
  for (auto const& tensor : tensors) {
    auto const end = offset + volume(tensor.shape) * sizeof(float);
    header += (header.size() > 1 ? ",\"" : "\"") + tensor.name + R"(":{"dtype":"F32","shape":)" +
              to_string(tensor.shape) + R"(,"data_offsets":[)" + std::to_string(offset) + "," + std::to_string(end) +
              "]}";
    offset = end;
  }
  header += "}";
  header.resize(round_up(header.size(), 8), ' ');  // as safetensors does, to align elements
  std::ofstream file(directory + "/model.safetensors", std::ios::binary);
  std::uint64_t const header_bytes = header.size();
  file.write(reinterpret_cast<char const*>(&header_bytes), sizeof header_bytes);
  file << header;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    for (std::uint64_t index = 0; index < volume(tensors[i].shape); ++index) {
      auto const number = value(i, index);
      file.write(reinterpret_cast<char const*>(&number), sizeof number);
    }
  }
}

}  // namespace distload::testing
