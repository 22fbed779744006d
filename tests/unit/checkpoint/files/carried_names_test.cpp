/// Which files go along, by the file lists of models as they are published.
#include "checkpoint/files/carried_names.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace distload {
namespace {

struct Repository {
  char const* model;
  std::vector<std::string> carried;
  std::vector<std::string> left;
};

TEST(CarriedNames, AreThoseThatAModelIsOpenedWith) {
  std::vector<Repository> const repositories{
      {"Llama 3",
       {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "generation_config.json",
        "chat_template.jinja", "tokenizer.model"},
       {"README.md", "LICENSE", "USE_POLICY.md", "config.json", "model-00001-of-00004.safetensors",
        "model.safetensors.index.json", "consolidated.00.pth", "params.json"}},
      {"Qwen 2.5", {"vocab.json", "merges.txt", "tokenizer.json"}, {"README.md", "LICENSE"}},
      {"Qwen, tiktoken", {"qwen.tiktoken"}, {"modeling_qwen.py", "cache_autogptq_cuda_256.cpp"}},
      {"T5", {"spiece.model", "tokenizer.json"}, {"pytorch_model.bin", "tf_model.h5", "flax_model.msgpack"}},
      {"Mistral", {"tekken.json", "tokenizer.model.v3"}, {"consolidated.safetensors", "SYSTEM_PROMPT.txt"}},
      {"BERT", {"vocab.txt", "tokenizer_config.json"}, {"rust_model.ot", "coreml"}},
      {"sentence-transformers",
       {"modules.json", "sentence_bert_config.json", "config_sentence_transformers.json", "1_Pooling/config.json",
        "sentence_xlnet_config.json"},
       {"data_config.json", "train_script.py", "2_Dense/pytorch_model.bin", "2_Dense/model.safetensors",
        "onnx/config.json", "onnx/model.onnx"}},
      {"Models of several modalities",
       {"preprocessor_config.json", "processor_config.json", "video_preprocessor_config.json", "chat_template.json",
        "added_tokens.json", "image_processor_config.json"},
       {}},
      {"transformers 5", {"additional_chat_templates/tool_use.jinja", "chat_template.jinja"}, {"trainer_state.json"}},
      {"XLM-R", {"sentencepiece.bpe.model"}, {"model.onnx"}},
      {"Marian", {"source.spm", "target.spm", "target_vocab.json"}, {}},
      {"Whisper", {"normalizer.json", "vocab.json"}, {}},
      {"Quantised models", {"hf_quant_config.json", "quantize_config.json", "quant_config.json"}, {"quant.log"}},
      {"A folder after training",
       {},
       {"optimizer.pt", "rng_state.pth", "training_args.bin", "scheduler.pt", "tokenizer.pkl", "tokenizer_utils.py",
        "vocab.h5", "tokenizer.json.tmp", "tokenizer.json~", "tokenizer.json.lock", "events.out.tfevents"}},
  };
  for (auto const& repository : repositories) {
    for (auto const& name : repository.carried)
      EXPECT_TRUE(is_carried_by_default(name)) << repository.model << ": " << name;
    for (auto const& name : repository.left)
      EXPECT_FALSE(is_carried_by_default(name)) << repository.model << ": " << name;
  }
}

TEST(CarriedNames, InFoldersAreFoundOnlyWhereAnyAre) {
  for (auto const* const name : {"additional_chat_templates", "1_Pooling", "02_Normalize"})
    EXPECT_TRUE(is_carried_folder(name)) << name;
  for (auto const* const name : {"onnx", ".git", "original", "checkpoint-100", "_1"})
    EXPECT_FALSE(is_carried_folder(name)) << name;
}

TEST(CarriedNames, LeaveTheDirectoryOnNoWay) {
  for (auto const& name : {"a", "a.b", "1_Pooling/config.json", "..a", "a..", "ä.json"})
    EXPECT_TRUE(is_carried_name(name)) << name;
  for (std::string const name : {"", ".", "..", "/", "/etc/passwd", "../a", "a/..", "a/.", "a/", "./a", "a//b", "a/b/c",
                                 "a\nb", "a\x7f", "\x1b[31m", "\xff", "\xc3"})
    EXPECT_FALSE(is_carried_name(name)) << name;
  EXPECT_FALSE(is_carried_name(std::string("a\0b", 3)));
  EXPECT_TRUE(is_carried_name(std::string(255, 'a')));
  EXPECT_FALSE(is_carried_name(std::string(256, 'a')));
}

TEST(CarriedNames, AreNotThoseThatASaveWrites) {
  for (auto const* const name : {"config.json", "model.safetensors", "model-00001-of-00002.safetensors",
                                 "model.safetensors.index.json", "distload.checksums.json"}) {
    EXPECT_TRUE(is_made_by_saving(name)) << name;
    EXPECT_FALSE(is_carried_by_default(name)) << name;
  }
  EXPECT_FALSE(is_made_by_saving("1_Pooling/config.json"));
  EXPECT_FALSE(is_made_by_saving("generation_config.json"));
}

}  // namespace
}  // namespace distload
