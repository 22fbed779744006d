// RoBERTa, XLM-RoBERTa and CamemBERT: BERT whose positions count the tokens that are no padding, behind the row of the
// padding token.
#include "infer/families/bert.hpp"

namespace distload::infer {

ModelDescription describe_roberta(ModelConfig const& config, ParameterNames const& names) {
  auto model = encoder_of_bert(config, names, {"roberta.", ""});
  auto const padding = config.count({"pad_token_id"}, 1);
  model.embedding.positions->padding_id = padding;
  // The rows before those of positions are unused, but for the padding token's.
  model.positions = model.positions > padding ? model.positions - padding - 1 : 0;
  return model;
}

}  // namespace distload::infer
