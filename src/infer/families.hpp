/// describe_model: the description of a model by its family. One file in families/ for each family; the table of all is
/// in families.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "infer/description.hpp"
#include "infer/model_config.hpp"
#include "infer/parameter_names.hpp"

namespace distload::infer {

/// Pure but for the names: which of the possible names the checkpoint has.
using Describe = ModelDescription (*)(ModelConfig const& config, ParameterNames const& names);

ModelDescription describe_bert(ModelConfig const& config, ParameterNames const& names);
ModelDescription describe_bloom(ModelConfig const& config, ParameterNames const& names);
ModelDescription describe_falcon(ModelConfig const& config, ParameterNames const& names);
ModelDescription describe_gemma2(ModelConfig const& config, ParameterNames const& names);
ModelDescription describe_gemma3_text(ModelConfig const& config, ParameterNames const& names);
ModelDescription describe_gpt2(ModelConfig const& config, ParameterNames const& names);
ModelDescription describe_gpt_neox(ModelConfig const& config, ParameterNames const& names);
ModelDescription describe_opt(ModelConfig const& config, ParameterNames const& names);
ModelDescription describe_phi3(ModelConfig const& config, ParameterNames const& names);
ModelDescription describe_roberta(ModelConfig const& config, ParameterNames const& names);
ModelDescription describe_llama(ModelConfig const& config, ParameterNames const& names);
ModelDescription describe_mixtral(ModelConfig const& config, ParameterNames const& names);
ModelDescription describe_qwen_moe(ModelConfig const& config, ParameterNames const& names);
ModelDescription describe_deepseek(ModelConfig const& config, ParameterNames const& names);
ModelDescription describe_t5(ModelConfig const& config, ParameterNames const& names);

/// By `model_type` in config.json.
/// @throws ConfigError  the family is only loaded, not computed: lists those that are; or config.json lacks something.
ModelDescription describe_model(ModelConfig const& config, ParameterNames const& names);

/// The model types that are computed, sorted.
std::vector<std::string_view> computed_families();

}  // namespace distload::infer
