// The table of families that are computed.
#include "infer/families.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <distload/base/error.hpp>

#include "base/text.hpp"

namespace distload::infer {
namespace {

constexpr std::array kFamilies{
    std::pair<std::string_view, Describe>{"llama", describe_llama},
    std::pair<std::string_view, Describe>{"mistral", describe_llama},
    std::pair<std::string_view, Describe>{"qwen2", describe_llama},
    std::pair<std::string_view, Describe>{"qwen3", describe_llama},
    std::pair<std::string_view, Describe>{"mixtral", describe_mixtral},
    std::pair<std::string_view, Describe>{"qwen2_moe", describe_qwen_moe},
    std::pair<std::string_view, Describe>{"qwen3_moe", describe_qwen_moe},
    std::pair<std::string_view, Describe>{"deepseek_v2", describe_deepseek},
    std::pair<std::string_view, Describe>{"deepseek_v3", describe_deepseek},
    std::pair<std::string_view, Describe>{"kimi_k2", describe_deepseek},
    std::pair<std::string_view, Describe>{"t5", describe_t5},
};

}  // namespace

ModelDescription describe_model(ModelConfig const& config, ParameterNames const& names) {
  auto const type = config.text({"model_type"});
  for (auto const& [known, describe] : kFamilies) {
    if (known == type) return describe(config, names);
  }
  std::string all;
  for (auto const family : computed_families()) all += (all.empty() ? "" : ", ") + std::string(family);
  throw ConfigError("models of type '" + printable(type) +
                    "' are loaded, but not computed; these are computed: " + all);
}

std::vector<std::string_view> computed_families() {
  std::vector<std::string_view> names;
  for (auto const& family : kFamilies) names.push_back(family.first);
  std::ranges::sort(names);
  return names;
}

}  // namespace distload::infer
