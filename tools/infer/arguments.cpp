// Options of distload-infer, and the list of token ids.
#include "infer/arguments.hpp"

#include <charconv>
#include <string_view>

#include <distload/base/error.hpp>

#include "app/parse_arguments.hpp"
#include "base/text.hpp"
#include "infer/npy.hpp"

namespace distload {
namespace {

ProgramText program_text() {
  return {"distload-infer",
          "computes with a checkpoint on all ranks, to prove that it is loaded right",
          {{"mpirun -np 4 distload-infer MODEL --tokens 1,2,3 --against one-rank",
            "compare every layer with one rank that has the whole model"},
           {"mpirun -np 4 distload-infer MODEL --tokens 1,2,3 --generate 16", "append 16 tokens"},
           {"mpirun -np 4 distload-infer config.yaml --tokens ids.npy --logits logits.npy",
            "write what other programs can compare with"}},
          "Arithmetic is float32. The results have the same bits on any number of ranks, unless parameters are cut "
          "beside segments' borders, which is said.\n\n"
          "Exit code 10: a result differs from what it is compared with; the first output that differs is named."};
}

constexpr unsigned kMostGenerated = 1U << 24U;

TokenBatch parsed_list(std::string_view text) {
  TokenBatch batch;
  for (auto rest = text; !rest.empty();) {
    auto const comma = rest.find(',');
    auto const item = rest.substr(0, comma);
    std::int64_t id = 0;
    auto const [end, error] = std::from_chars(item.data(), item.data() + item.size(), id);
    if (error != std::errc() || end != item.data() + item.size()) {
      throw UsageError("--tokens: '" + printable(item) +
                       "' is no token id; expected 1,2,3 or the path of an .npy file");
    }
    batch.ids.push_back(id);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  batch.tokens = batch.ids.size();
  if (batch.ids.empty()) throw UsageError("--tokens is an empty list");
  return batch;
}

}  // namespace

std::optional<InferArguments> parse_infer_arguments(int argc, char const* const* argv) {
  InferArguments arguments;
  ProgramApp app(program_text());
  app.add_option("config", arguments.config, "a configuration of distload (.yaml), or a checkpoint")
      ->type_name("CONFIG.yaml|MODEL")
      ->required();
  app.add_option("--tokens", arguments.tokens, "token ids: 1,2,3 or an .npy file of int64, [batch, tokens]")
      ->type_name("IDS|FILE")
      ->required();
  app.add_option("--generate", arguments.generate, "append so many tokens, each the one with the largest logit")
      ->check(CLI::Range(0U, kMostGenerated))
      ->type_name("N");
  app.add_option("--logits", arguments.logits,
                 "write logits to this .npy file, float32 [batch, tokens, vocabulary]; of encoders the last hidden "
                 "state")
      ->type_name("FILE");
  app.add_option("--outputs", arguments.outputs, "write the outputs of all layers to .npy files in this directory")
      ->type_name("DIR");
  app.add_option("--against", arguments.against,
                 "compare every layer with one rank that loads the whole model, or with a directory that --outputs "
                 "has written, or the logits with an .npy file")
      ->type_name("one-rank|FILE|DIR");
  app.add_option("--tolerance", arguments.tolerance,
                 "largest difference from a file, relative to the largest magnitude in it; 1e-4 by default")
      ->check(CLI::NonNegativeNumber)
      ->type_name("X");
  app.add_option("--report", arguments.report, "write a JSON report to this file")->type_name("FILE");
  app.add_option("--set", arguments.settings, "a key of the configuration; takes one KEY=VALUE, and may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  if (!parse_arguments(app, argc, argv)) return std::nullopt;
  return arguments;
}

TokenBatch read_tokens(std::string const& tokens) {
  if (!tokens.ends_with(".npy")) return parsed_list(tokens);
  auto array = read_npy<std::int64_t>(tokens);
  if (array.shape.empty() || array.shape.size() > 2 || array.numbers.empty()) {
    throw ConfigError(printable(tokens) + " has " + std::to_string(array.shape.size()) + " axes and " +
                      std::to_string(array.numbers.size()) + " ids, expected [batch, tokens]");
  }
  auto const batch = array.shape.size() == 2 ? array.shape[0] : 1;
  return {batch, array.shape.back(), std::move(array.numbers)};
}

}  // namespace distload
