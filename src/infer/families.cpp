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
    std::pair<std::string_view, Describe>{"bert", describe_bert},
    std::pair<std::string_view, Describe>{"bloom", describe_bloom},
    std::pair<std::string_view, Describe>{"camembert", describe_roberta},
    std::pair<std::string_view, Describe>{"deepseek_v2", describe_deepseek},
    std::pair<std::string_view, Describe>{"deepseek_v3", describe_deepseek},
    std::pair<std::string_view, Describe>{"falcon", describe_falcon},
    std::pair<std::string_view, Describe>{"gemma2", describe_gemma2},
    std::pair<std::string_view, Describe>{"gemma3_text", describe_gemma3_text},
    std::pair<std::string_view, Describe>{"gpt2", describe_gpt2},
    std::pair<std::string_view, Describe>{"gpt_neox", describe_gpt_neox},
    std::pair<std::string_view, Describe>{"kimi_k2", describe_deepseek},
    std::pair<std::string_view, Describe>{"llama", describe_llama},
    std::pair<std::string_view, Describe>{"mistral", describe_llama},
    std::pair<std::string_view, Describe>{"mixtral", describe_mixtral},
    std::pair<std::string_view, Describe>{"opt", describe_opt},
    std::pair<std::string_view, Describe>{"phi3", describe_phi3},
    std::pair<std::string_view, Describe>{"qwen2", describe_llama},
    std::pair<std::string_view, Describe>{"qwen2_moe", describe_qwen_moe},
    std::pair<std::string_view, Describe>{"qwen3", describe_llama},
    std::pair<std::string_view, Describe>{"qwen3_moe", describe_qwen_moe},
    std::pair<std::string_view, Describe>{"roberta", describe_roberta},
    std::pair<std::string_view, Describe>{"t5", describe_t5},
    std::pair<std::string_view, Describe>{"xlm-roberta", describe_roberta},
};

}  // namespace

ModelDescription describe_model(ModelConfig const& config, ParameterNames const& names) {
  auto const type = config.text({"model_type"});
  for (auto const& [known, describe] : kFamilies) {
    if (known != type) continue;
    auto model = describe(config, names);
    model.is_decoder = model.is_decoder && !model.head.name.empty();
    return model;
  }
  std::string all;
  for (auto const family : computed_families()) all += (all.empty() ? "" : ", ") + std::string(family);
  throw ConfigError("models of type '" + printable(type) +
                    "' are loaded, but not computed; these are computed: " + all);
}

std::vector<std::string_view> computed_families() {
  std::vector<std::string_view> names;
  names.reserve(kFamilies.size());
  for (auto const& family : kFamilies) names.push_back(family.first);
  std::ranges::sort(names);
  return names;
}

}  // namespace distload::infer
