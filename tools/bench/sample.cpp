// Arguments to the fresh processes, JSON from them.
#include "bench/sample.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <distload/base/error.hpp>

#include "base/standard_streams.hpp"
#include "bench/trials.hpp"

namespace distload {
namespace {

/// Before the JSON, as launchers may print lines of their own.
constexpr std::string_view kMark = "distload-bench sample: ";

}  // namespace

std::vector<std::string> sample_arguments(LoaderOptions const& config, MeasureOptions const& options,
                                          std::string const& contender) {
  std::vector<std::string> arguments{"--sample", contender,
                                     "--state",  options.cold ? "cold" : "warm",
                                     "--part",   std::string(name_of(options.part)),
                                     "--idle",   fmt::format("{}", options.idle_seconds)};
  auto const add = [&](char const* option, std::string const& value) {
    arguments.insert(arguments.end(), {option, value});
  };
  if (config.checkpoint.step) add("--step", fmt::format("{}", *config.checkpoint.step));
  if (!config.model.family.empty()) add("--family", config.model.family);
  if (!options.save_directory.empty()) add("--save", options.save_directory);
  if (!config.load.verify) arguments.emplace_back("--no-verify");
  arguments.emplace_back("--");
  arguments.push_back(config.checkpoint.path);
  return arguments;
}

void run_sample(ProcessGrid const& grid, LoaderOptions const& config, MeasureOptions const& options,
                std::string const& contender) {
  constexpr bool kDirectly = true;  // only asked to, if the files can be read so
  Trials trials(grid, config, options);
  auto all = trials.all(kDirectly);
  auto const found = std::ranges::find(all, contender, [](Trial const& each) { return each.contender.name; });
  if (found == all.end()) throw UsageError("nothing is called '" + contender + "'");
  found->prepare();
  std::this_thread::sleep_for(std::chrono::duration<double>(options.idle_seconds));
  found->run(found->contender);
  if (grid.rank() != 0) return;
  auto const& ran = found->contender;
  print(std::string(kMark) +
        nlohmann::json{{"ranks", grid.world().size()},
                       {"bytes", ran.nbytes},
                       {"seconds", ran.seconds.all()},
                       {"whole", ran.whole.all()},
                       {"metadata", ran.metadata.all()},
                       {"predicted", ran.predicted.all()},
                       {"engine", ran.engine},
                       {"reason", ran.reason},
                       {"read_amplification", ran.read_amplification},
                       {"tensors", ran.tensors}}
            .dump() +
        "\n");
}

void add_sample(Contender& contender, std::string_view printed, std::uint32_t ranks) {
  auto const begin = printed.find(kMark);
  if (begin == std::string_view::npos) throw InternalError("the fresh processes have not printed what they measured");
  auto const line = printed.substr(begin + kMark.size());
  auto const json = nlohmann::json::parse(line.substr(0, line.find('\n')));
  if (json.at("ranks") != ranks) {
    throw UsageError(
        fmt::format("the launcher starts {} processes instead of {}", json.at("ranks").get<std::uint32_t>(), ranks));
  }
  auto const add = [&](Samples& samples, char const* key) {
    for (double const seconds : json.at(key)) samples.add(seconds);
  };
  add(contender.seconds, "seconds");
  add(contender.whole, "whole");
  add(contender.metadata, "metadata");
  add(contender.predicted, "predicted");
  contender.nbytes = json.at("bytes");
  contender.engine = json.at("engine");
  contender.reason = json.at("reason");
  contender.read_amplification = json.at("read_amplification");
  contender.tensors = json.at("tensors");
}

}  // namespace distload
