// Options of distload-plan-bench.
#include "plan_bench/arguments.hpp"

#include "app/parse_arguments.hpp"

namespace distload::plan_bench {

std::optional<Arguments> parse_plan_bench_arguments(int argc, char const* const* argv) {
  Arguments arguments;
  ProgramApp app({"distload-plan-bench",
                  "plans loads of very large models for very many ranks, and says how long that takes on one core",
                  {{"distload-plan-bench", "all models, sources and topologies"},
                   {"distload-plan-bench --family llama --source hdf5", "one model, from one kind of checkpoint"},
                   {"distload-plan-bench --predict --machine 8xh100", "how long loads would take on a machine"}}});
  app.add_option("--family", arguments.model, "only this model")->type_name("llama|deepseek_v3|kimi_k25");
  app.add_option("--source", arguments.source, "only this kind of checkpoint")->type_name("safetensors|hdf5");
  app.add_option("--most-ranks", arguments.most_ranks, "leave out larger jobs");
  app.add_option("--rounds", arguments.rounds, "of which the fastest counts")->check(CLI::Range(1U, 1000U));
  app.add_flag("--redistribute", arguments.redistributes,
               "instead, plan redistributions of 405B parameters on 1,024 ranks from one topology to another");
  app.add_flag("--predict", arguments.predicts,
               "instead, predict loads of models of 8B to 671B parameters onto the machines of config/machines");
  app.add_option("--machine", arguments.machine, "with --predict: only this machine, or the machine of a file")
      ->type_name("NAME|FILE")
      ->needs("--predict");
  if (!parse_arguments(app, argc, argv)) return std::nullopt;
  return arguments;
}

}  // namespace distload::plan_bench
