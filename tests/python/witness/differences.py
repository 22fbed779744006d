"""Where vLLM's layers and the rule files differ, and why both are right."""
import re

# What a difference is. A rank takes of a tensor ...
ENGINE_CUTS = "by the engine a part, by the rules all"
RULES_CUT = "by the engine all, by the rules a part"
NOT_LOADED = "by the engine nothing"
OTHERWISE = "by both a part, but not the same"

# (models, tensors, what differs, why): the first two as regular expressions for the whole name.
KNOWN = [
    (r".*", r"(model\.)?(visual|vision_(tower|model|encoder|language_adapter)|multi_modal_projector|patch_merge_mlp|mm_projector)\..*", ENGINE_CUTS,
     "the rules keep towers for images whole, because they are small"),
    (r"siglip|clip", r"(text|vision)_model\.(head|embeddings\.position_embedding)\..*|text_model\.head\..*", ENGINE_CUTS,
     "the rules keep what comes once in a model of pairs whole"),
    (r"bert_bare|camembert|clip|nomic_bert|roberta|siglip|xlm_roberta", r".*\.?embeddings?\.(position|token_type)_embeddings?\.weight",
     ENGINE_CUTS, "vLLM's embeddings are all cut by rows; the rules keep those of a few rows whole"),
    (r"gemma3n|gemma4_.*", r".*\b(altup_(unembed_)?projections\.\d+|laurel\.linear_(left|right)|per_layer_model_projection)\.weight", ENGINE_CUTS,
     "vLLM gathers the outputs at once; the rules keep these small matrices whole"),
    (r"olmo.*", r".*\.self_attn\.[qk]_norm\.weight", RULES_CUT, "vLLM has the norm over all heads whole and takes its part of it as it computes"),
    (r"whisper", r"model\.decoder\.embed_tokens\.weight", RULES_CUT, "vLLM keeps whisper's vocabulary whole as an embedding"),
    (r"nemotron_h_mtp|qwen3_.*", r"mtp\.(fc|layers\.0\.eh_proj)\.weight", ENGINE_CUTS,
     "vLLM gathers the output at once; the rules keep this matrix whole"),
    (r"deepseek_v4_published", r"mtp\..*", NOT_LOADED, "vLLM's class of the layers that predict further tokens is for GPUs"),
    (r"quantized", r".*_scale", NOT_LOADED, "a mixture of formats, which no engine has: vLLM gets it without quantization"),
    (r"tied_apart", r"lm_head\.weight", NOT_LOADED, "tied by config.json: vLLM does not look whether the file has other bytes for it"),
    (r"bert_bare|camembert|clip|modernbert|roberta|siglip|xlm_roberta",
     r"pooler\..*|lm_head\..*|logit_(scale|bias)|decoder\.bias|head\.(dense|norm)\.weight", NOT_LOADED,
     "vLLM computes embeddings of tokens with this model, without what comes after its layers"),
    (r"deepseek_v4", r"model\.hc_head\..*|.*\.attn\.norm\.weight", NOT_LOADED, "transformers' names, of which vLLM knows most, but not these"),
    (r"mistral_params_tied", r"vision_.*", NOT_LOADED, "vLLM reads a model with a tower in this form by a class that needs mistral_common"),
    (r"bert_bare|camembert|nomic_bert|roberta|xlm_roberta", r"(roberta\.)?embeddings\.token_type_embeddings\.weight", NOT_LOADED,
     "vLLM cuts these by rows: on more ranks than rows, some have nothing"),
    (r"chatglm", r"transformer\.rotary_pos_emb\.inv_freq", NOT_LOADED, "vLLM computes it"),
]  # fmt: skip


def reason_for(model, tensor, what):
    """The number of the entry that knows of a difference, or None."""
    for number, (models, tensors, known, _) in enumerate(KNOWN):
        if known == what and re.fullmatch(models, model) and re.fullmatch(tensors, tensor):
            return number
    return None
