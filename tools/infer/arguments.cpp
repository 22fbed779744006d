// Options of distload-infer.
#include "infer/arguments.hpp"

#include "app/parse_arguments.hpp"

namespace distload {
namespace {

ProgramText infer_text() {
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

}  // namespace

std::optional<InferArguments> parse_infer_arguments(int argc, char const* const* argv) {
  InferArguments arguments;
  ProgramApp app(infer_text());
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

}  // namespace distload
