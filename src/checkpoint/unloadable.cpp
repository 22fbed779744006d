// Recognises the files of other formats by their names and first bytes.
#include "checkpoint/unloadable.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/error.hpp>

#include "base/json.hpp"
#include "base/text.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLfsBegin = "version https://git-lfs.github.com/spec/";
constexpr std::string_view kPickles =
    ", a pickle, which can run programs and is not read: convert it to safetensors, e.g. in Python by "
    "AutoModelForCausalLM.from_pretrained(DIRECTORY).save_pretrained(NEW)";
constexpr std::string_view kGguf =
    ", which is GGUF and not read: take the safetensors files that it was converted from";
constexpr std::string_view kDeepSpeed =
    ", a checkpoint of DeepSpeed: its zero_to_fp32.py with --safe_serialization joins it into safetensors";
constexpr std::string_view kMegatron = ", a checkpoint of Megatron: convert it to a Hugging Face directory";
constexpr std::string_view kPerRank =
    ", whose tensors another engine has cut for its own ranks: take the model that they were made from, in one piece";

/// Names of entries that a message shows.
constexpr std::size_t kShownNames = 5;

/// A kind of file by the end of its name.
struct Kind {
  std::string_view ending;
  std::string_view what;
};

/// In the order in which they are looked for.
constexpr std::array kKinds{
    Kind{".gguf", kGguf},
    Kind{".distcp",
         ", a checkpoint of torch.distributed: `python -m torch.distributed.checkpoint.format_utils dcp_to_torch "
         "DIRECTORY model.pt` joins it, and the result can be saved as safetensors"},
    Kind{"_model_states.pt", kDeepSpeed},
    Kind{"zero_to_fp32.py", kDeepSpeed},
    Kind{"model_optim_rng.pt", kMegatron},
    Kind{"latest_checkpointed_iteration.txt", kMegatron},
    Kind{".bin", kPickles},
    Kind{".pt", kPickles},
    Kind{".pth", kPickles},
    Kind{".ckpt", kPickles},
    Kind{".pkl", kPickles},
    Kind{".msgpack", ", weights of Flax, which are not read: convert them to safetensors"},
    Kind{".onnx", ", ONNX, which is not read: take the safetensors files that it was exported from"},
    Kind{".npz", ", arrays of NumPy, which are not read: convert them to safetensors"},
};

std::vector<std::string> names_in(fs::path const& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

std::string list_of(std::vector<std::string> const& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kShownNames); ++i) {
    text += (i == 0 ? "" : ", ") + printable(names[i]);
  }
  return names.size() <= kShownNames ? text : text + " and " + std::to_string(names.size() - kShownNames) + " more";
}

std::string beginning_of(fs::path const& path) {
  constexpr std::size_t kBytes = 128;
  std::string bytes(kBytes, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

bool is_adapter_name(std::string const& name) {
  return name == "adapter_config.json" || name.starts_with("adapter_model.");
}

/// "an adapter (LORA) of meta-llama/Llama-3.1-8B", as far as adapter_config.json says.
std::string adapter_in(fs::path const& directory) {
  std::string text = "an adapter";
  try {
    constexpr JsonLimits kLimits{.text_bytes = kMiB};
    auto const path = directory / "adapter_config.json";
    std::ifstream file(path, std::ios::binary);
    std::string const content(std::istreambuf_iterator<char>(file), {});
    auto const json = parse_json(content, kLimits, path.string());
    JsonView const config(json, path.string());
    if (auto const type = config.find("peft_type")) text += " (" + printable(type->text()) + ")";
    if (auto const base = config.find("base_model_name_or_path")) text += " of " + printable(base->text());
  } catch (Error const&) {
    return text;  // what it says is only shown
  }
  return text;
}

/// What is wrong with an adapter, and what to do.
std::string about_adapter(fs::path const& directory) {
  return adapter_in(directory) +
         ", not a model: merge it into its base model (peft: merge_and_unload(), save_pretrained(NEW)) and load that";
}

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

/// True if `word` stands in `name` behind a separator or at the beginning, and a number behind it.
bool has_numbered(std::string_view name, std::string_view word) {
  for (auto at = name.find(word); at != std::string_view::npos; at = name.find(word, at + 1)) {
    if (at > 0 && std::isalnum(static_cast<unsigned char>(name[at - 1])) != 0) continue;
    auto rest = name.substr(at + word.size());
    if (!rest.empty() && (rest.front() == '-' || rest.front() == '_')) rest.remove_prefix(1);
    if (!rest.empty() && is_digit(rest.front())) return true;
  }
  return false;
}

/// True for "organisation/name", which no path is likely to be.
bool is_hub_id(std::string_view path) {
  auto const slash = path.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == path.size() || path.front() == '.') return false;
  return std::ranges::count(path, '/') == 1 && std::ranges::all_of(path, [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.' || c == '/';
         });
}

/// The folder of a Hub model in this user's cache, if it exists.
std::optional<std::string> cached(std::string const& id) {
  auto const variable = [](char const* name) {
    auto const* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing sets it
    return fs::path(value == nullptr ? "" : value);
  };
  auto folder = "models--" + id;
  folder.replace(folder.find('/'), 1, "--");
  for (auto const& cache :
       {variable("HF_HUB_CACHE"), variable("HF_HOME") / "hub", variable("HOME") / ".cache" / "huggingface" / "hub"}) {
    std::error_code error;
    if (cache.is_absolute() && fs::is_directory(cache / folder, error)) return (cache / folder).string();
  }
  return std::nullopt;
}

}  // namespace

bool is_lfs_pointer(std::string_view content) noexcept { return content.starts_with(kLfsBegin); }

std::string why_not_reachable(fs::path const& path, std::error_code const& error) {
  std::error_code ignored;
  if (!fs::is_symlink(path, ignored) || fs::exists(path, ignored)) return error.message();
  return "is a link to " + fs::read_symlink(path, ignored).string() +
         ", which does not exist; a cache of the Hugging Face Hub is copied with its blobs (cp -L copies files instead "
         "of links), or download the file again";
}

bool is_of_one_rank(std::string_view name) {
  return has_numbered(name, "rank") || has_numbered(name, "mp") || has_numbered(name, "tp");
}

std::string what_is_not_there(std::string const& path) {
  std::error_code ignored;
  if (fs::is_symlink(path, ignored)) return path + ": " + why_not_reachable(path, {});
  std::string const text = path + ": no such file or directory";
  if (!is_hub_id(path) || fs::exists(fs::path(path).parent_path(), ignored)) return text;
  if (auto const folder = cached(path)) return text + "; the Hugging Face Hub's cache has that model: " + *folder;
  return text + "; if it is the id of a model on the Hugging Face Hub, download it, `hf download " + path +
         " --local-dir DIRECTORY`, and give that directory";
}

std::optional<std::string> what_file_is(fs::path const& path) {
  auto const begin = beginning_of(path);
  auto const name = path.filename().string();
  auto const at = path.string();
  if (is_lfs_pointer(begin)) return at + ": " + kLfsPointer;
  if (begin.starts_with("GGUF")) return at + " is a file" + std::string(kGguf);
  if (begin.starts_with("\x89HDF")) return std::nullopt;
  if (name.ends_with(".json"))
    return at + " is a JSON file, not a checkpoint; give its directory, or a file *.safetensors or *.h5 in it";
  for (auto const& [ending, what] : kKinds) {
    if (name.ends_with(ending)) return at + " is a file" + std::string(what);
  }
  // Files of torch are zip archives, or begin with the protocol of pickle.
  if (begin.starts_with("PK\x03\x04") || begin.starts_with("\x80\x02"))
    return at + " is a file" + std::string(kPickles);
  return std::nullopt;
}

std::string what_adapter_is(fs::path const& file) { return file.string() + " is " + about_adapter(file.parent_path()); }

std::optional<std::string> what_directory_holds(fs::path const& directory) {
  auto const names = names_in(directory);
  auto const at = directory.string();
  auto const those = [&](auto const& wanted) {
    std::vector<std::string> found;
    std::ranges::copy_if(names, std::back_inserter(found), wanted);
    return found;
  };
  auto const ends_with = [](std::string_view ending) {
    return [ending](std::string const& name) { return name.ends_with(ending); };
  };
  if (auto const ranks = those([](auto const& name) { return name.ends_with(".safetensors") && is_of_one_rank(name); });
      !ranks.empty()) {
    return at + ": holds " + list_of(ranks) + std::string(kPerRank);
  }
  if (!those(is_adapter_name).empty()) return at + ": holds " + about_adapter(directory);
  for (auto const& [ending, what] : kKinds) {
    if (auto const found = those(ends_with(ending)); !found.empty())
      return at + ": holds " + list_of(found) + std::string(what);
  }
  if (auto const models = those([](auto const& name) { return name.starts_with("models--"); }); !models.empty())
    return at + ": is a cache of the Hugging Face Hub; give one of its models: " + list_of(models);
  if (auto const files = those(ends_with(".h5")); !files.empty())
    return at + ": holds " + list_of(files) + ", of which none is named model-step-N.h5: give the file itself";
  auto const has_model = [&](std::string const& name) {
    return std::ranges::any_of(names_in(directory / name), ends_with(".safetensors"));
  };
  if (auto const folders = those(has_model); !folders.empty())
    return at + ": holds no checkpoint itself; give one of its folders that do: " + list_of(folders);
  return std::nullopt;
}

}  // namespace distload
