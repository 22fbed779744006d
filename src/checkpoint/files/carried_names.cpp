// The table of names.
#include "checkpoint/files/carried_names.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include <fnmatch.h>

#include "checkpoint/safetensors/file_layout.hpp"

namespace distload {
namespace {

constexpr std::size_t kMostNameBytes = 255;

constexpr std::array kByDefault{
    // Tokenizers of transformers, sentencepiece, tiktoken and mistral-common.
    "tokenizer*",
    "*.model",
    "*.tiktoken",
    "*.spm",
    "tekken.json",
    "vocab*",
    "*vocab.json",
    "*vocab.txt",
    "merges*",
    "bpe.codes",
    "dict.txt",
    "normalizer.json",
    "added_tokens.json",
    "special_tokens_map.json",
    // Templates.
    "chat_template*",
    "additional_chat_templates/*.jinja",
    // Generation settings, and processors of images, sound and video.
    "generation_config.json",
    "*processor_config.json",
    // Quantisation settings of quantisation tools.
    "quant_config.json",
    "quantize_config.json",
    "hf_quant_config.json",
    // sentence-transformers.
    "modules.json",
    "config_sentence_transformers.json",
    "sentence_*_config.json",
    "[0-9]*_*/config.json",
};

/// Folders that `kByDefault` has patterns for.
constexpr std::array kFolders{"additional_chat_templates", "[0-9]*_*"};

/// Never carried by default: weights in other formats, pickles, programs, and leftovers of downloads.
constexpr std::array kNotByDefault{"*.bin",  "*.pt",   "*.pth",  "*.ckpt", "*.pkl",     "*.pickle",    "*.h5",
                                   "*.hdf5", "*.npz",  "*.onnx", "*.gguf", "*.msgpack", "*.tflite",    "*.py",
                                   "*.tmp",  "*.lock", "*.part", "*~",     "*.partial", "*.incomplete"};

constexpr std::array kMadeBySaving{"config.json", "*.safetensors", "*.safetensors.index.json", "distload.*"};

template <std::size_t kCount>
bool matches_any(std::array<char const*, kCount> const& patterns, std::string const& name) {
  return std::ranges::any_of(patterns, [&](char const* pattern) {
    return ::fnmatch(pattern, name.c_str(), FNM_PATHNAME | FNM_PERIOD | FNM_NOESCAPE) == 0;
  });
}

bool is_part_of_a_path(std::string_view part) { return !part.empty() && part != "." && part != ".."; }

std::string without_folder(std::string const& name) { return name.substr(name.find('/') + 1); }

}  // namespace

bool is_carried_name(std::string const& name) {
  constexpr char kDelete = 127;
  auto const is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == kDelete; };
  if (name.size() > kMostNameBytes || std::ranges::any_of(name, is_control) || !is_safetensors_name(name)) return false;
  std::string_view const whole = name;
  auto const slash = whole.find('/');
  if (slash == std::string_view::npos) return is_part_of_a_path(whole);
  auto const file = whole.substr(slash + 1);
  return is_part_of_a_path(whole.substr(0, slash)) && is_part_of_a_path(file) &&
         file.find('/') == std::string_view::npos;
}

bool is_made_by_saving(std::string_view name) { return matches_any(kMadeBySaving, std::string(name)); }

bool is_carried_by_default(std::string const& name) {
  return matches_any(kByDefault, name) && !matches_any(kNotByDefault, without_folder(name)) && !is_made_by_saving(name);
}

bool is_carried_folder(std::string const& name) { return matches_any(kFolders, name); }

}  // namespace distload
