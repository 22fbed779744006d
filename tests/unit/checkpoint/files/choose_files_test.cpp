/// save.files, applied to what a checkpoint has.
#include "checkpoint/files/choose_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <distload/base/error.hpp>

#include "checkpoint/files/load_files.hpp"
#include "support/thrown_message.hpp"

namespace distload {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

CarriedFile file(std::string name, Bytes nbytes, bool by_default) {
  CarriedFile made;
  made.name = std::move(name);
  made.nbytes = nbytes;
  made.by_default = by_default;
  return made;
}

std::vector<std::string> names_of(std::vector<CarriedFile> const& files) {
  std::vector<std::string> names;
  for (auto const& each : files) names.push_back(each.name);
  return names;
}

template <class Call>
std::string refusal_of(Call const& call) {
  return thrown_message<ConfigError>(call);
}

std::vector<CarriedFile> const kFiles{file("README.md", 5, false), file("tokenizer.json", 7, true),
                                      file("vocab.txt", 0, true)};

TEST(ChooseFiles, TakesWhatGoesAlongByDefaultOrWhatIsListed) {
  EXPECT_THAT(names_of(choose_files(kFiles, std::nullopt)), ElementsAre("tokenizer.json", "vocab.txt"));
  EXPECT_THAT(choose_files(kFiles, std::vector<std::string>{}), IsEmpty());
  std::vector<std::string> const list{"vocab.txt", "README.md", "vocab.txt", "config.json"};
  EXPECT_THAT(names_of(choose_files(kFiles, list)), ElementsAre("README.md", "vocab.txt"));
}

TEST(ChooseFiles, NamesWhatIsNotThere) {
  std::vector<std::string> const list{"tokenizer.model", "vocab.txt", "merges.txt"};
  EXPECT_THAT(refusal_of([&] { choose_files(kFiles, list); }),
              AllOf(HasSubstr("save.files"), HasSubstr("'tokenizer.model', 'merges.txt'"),
                    HasSubstr("README.md, tokenizer.json, vocab.txt")));
  EXPECT_THAT(refusal_of([&] { choose_files({}, list); }), HasSubstr("no other files"));
  EXPECT_THAT(refusal_of([&] { choose_files(kFiles, std::vector<std::string>{"model.safetensors"}); }),
              HasSubstr("'model.safetensors'"));
}

TEST(ChooseFiles, RefusesWhatIsTooLargeAndSaysWhatElseToDo) {
  std::vector<CarriedFile> const fitting{file("a.model", kMostBytesByDefault - 1, true), file("b.model", 1, true)};
  EXPECT_EQ(bytes_of(choose_files(fitting, std::nullopt)), kMostBytesByDefault);
  std::vector<CarriedFile> const large{file("a.model", 1, true), file("b.model", kMostBytesByDefault, true),
                                       file("README.md", kGiB, false)};
  EXPECT_THAT(refusal_of([&] { choose_files(large, std::nullopt); }),
              AllOf(HasSubstr("256 MiB"), HasSubstr("b.model (256 MiB), a.model (1 B)"), HasSubstr("list"),
                    HasSubstr("none"), Not(HasSubstr("README"))));
  EXPECT_EQ(choose_files(large, std::vector<std::string>{"a.model", "b.model", "README.md"}).size(), 3U);
  std::vector<CarriedFile> const too_large{file("weights.onnx", kMostCarriedBytes + 1, false)};
  EXPECT_THAT(refusal_of([&] { choose_files(too_large, std::vector<std::string>{"weights.onnx"}); }),
              AllOf(HasSubstr("weights.onnx"), HasSubstr("2 GiB")));
}

TEST(LoadFiles, RefusesNamesThatLeadElsewhereOrOccurTwice) {
  auto const content = std::make_shared<std::vector<std::byte> const>(3);
  auto const load = [&](std::vector<std::string> const& names) {
    std::vector<CarriedFile> files;
    for (auto const& name : names) {
      files.push_back(file(name, 0, true));
      files.back().content = content;
    }
    load_files(files);
    return files;
  };
  auto const files = load({"b", "a"});
  EXPECT_THAT(names_of(files), ElementsAre("a", "b"));
  EXPECT_EQ(files[0].nbytes, 3U);
  for (auto const* const name : {"../a", "config.json", "/tmp/a"}) EXPECT_THROW(load({name}), ConfigError) << name;
  EXPECT_THROW(load({"a", "b", "a"}), ConfigError);
}

}  // namespace
}  // namespace distload
