// Plans, inspection and verification.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <distload/checkpoint/checkpoint.hpp>
#include <distload/load/loader.hpp>
#include <distload/parallel/resolve_topology.hpp>

#include "app/agree_on_config.hpp"
#include "app/dry_run.hpp"
#include "config/schema.hpp"
#include "inspect/checkpoint_page.hpp"
#include "inspect/health.hpp"
#include "inspect/inspect_json.hpp"
#include "parallel/all_or_throw.hpp"
#include "python/arguments.hpp"
#include "python/bindings.hpp"
#include "python/call.hpp"
#include "python/group.hpp"
#include "verify/verify_checkpoints.hpp"
#include "verify/verify_report.hpp"

namespace distload::python {
namespace {

namespace nb = nanobind;

/// Collective: a dry run's text and report, on all ranks.
std::pair<std::string, std::string> planned(Group& group, std::string const& path,
                                            std::vector<Argument> const& arguments) {
  auto const config = agreed_config(group, "distload.plan", path, arguments);
  auto const& asked = config.topology;
  auto const& grid = group.grid(resolve_topology(asked.tensor_parallel, asked.pipeline_parallel, asked.data_parallel,
                                                 group.world().size(), asked.expert_parallel));
  Loader loader(grid, static_cast<LoaderOptions const&>(config));
  auto const checkpoint = loader.open(CutShort::accept);
  auto const plan = loader.plan(checkpoint, OverLimit::accept);
  return all_or_throw(group.world(), "plan", [&] {
    DryRun shown;
    shown.checkpoint = &checkpoint;
    shown.plan = &plan;
    shown.cost = config.cost;
    shown.costs_from = source_of_costs(config.cost);
    shown.limit_of = config.load.memory_limit ? "load.memory_limit" : "a rank's share of the free memory";
    shown.what_fits = find_what_fits(checkpoint, plan);
    return std::pair(text_of(shown, config.report.tensors), report_of(shown, config.report.tensors));
  });
}

std::uint32_t threads_of(std::uint32_t ranks_of_node) {
  return std::max(std::thread::hardware_concurrency() / ranks_of_node, 1U);
}

std::string inspected(std::string const& path, std::optional<std::uint64_t> step, bool extents, bool verify) {
  auto const catalog = open_checkpoint(path, step, Latest::valid,
                                       verify ? SealUse::compare_content : SealUse::warn_of_stale, CutShort::accept);
  std::optional<Health> health;
  if (verify) health = check_health(catalog, threads_of(1));
  return as_json(catalog, extents, nullptr, health ? &*health : nullptr);
}

using Degree = std::optional<std::uint32_t>;

std::string page_of(std::string const& path, std::optional<std::uint64_t> step, bool verify, Degree tensor,
                    Degree pipeline, Degree data, Degree expert) {
  auto const catalog = open_checkpoint(path, step, Latest::valid,
                                       verify ? SealUse::compare_content : SealUse::warn_of_stale, CutShort::accept);
  std::optional<Planned> chosen;
  if (tensor || pipeline || data || expert) {
    Topology const topology{tensor.value_or(1), pipeline.value_or(1), data.value_or(1), expert.value_or(1)};
    check_expert_parallel(topology);
    chosen = plan_for(catalog, topology, {});
  }
  std::optional<Health> health;
  if (verify) health = check_health(catalog, threads_of(1));
  return checkpoint_page(catalog, chosen ? &*chosen : nullptr, {}, health);
}

/// Collective: the report of distload-verify, and its exit code; on all ranks.
std::pair<std::string, int> verified(Group& group, std::string const& path, VerifyOptions options) {
  options.threads = threads_of(group.node().size());
  auto const outcomes = verify_checkpoints(group.world(), path, options);
  auto const code = worst_of(outcomes);
  auto const text = bytes_of_rank_0(group.world(), "report", [&] {
    auto const json = as_json(outcomes, code);
    auto const bytes = std::as_bytes(std::span(json));
    return std::vector<std::byte>(bytes.begin(), bytes.end());
  });
  return {std::string(reinterpret_cast<char const*>(text.data()), text.size()), static_cast<int>(code)};
}

}  // namespace

void add_tools(nb::module_& core) {
  core.def("config_keys", [] {
    std::vector<std::string> names;
    for (auto const& key : config_keys()) names.push_back(key.name);
    return names;
  });
  core.def(
      "plan",
      [](Group& group, std::string const& path, std::vector<Argument> const& arguments) {
        return call([&group, path, arguments] { return planned(group, path, arguments); });
      },
      nb::arg("group"), nb::arg("path"), nb::arg("arguments"));
  core.def(
      "inspect",
      [](std::string const& path, std::optional<std::uint64_t> step, bool extents, bool verify) {
        return call([path, step, extents, verify] { return inspected(path, step, extents, verify); });
      },
      nb::arg("path"), nb::arg("step") = nb::none(), nb::arg("extents") = false, nb::arg("verify") = false);
  core.def(
      "inspect_page",
      [](std::string const& path, std::optional<std::uint64_t> step, bool verify, Degree tensor, Degree pipeline,
         Degree data, Degree expert) {
        return call([path, step, verify, tensor, pipeline, data, expert] {
          return page_of(path, step, verify, tensor, pipeline, data, expert);
        });
      },
      nb::arg("path"), nb::arg("step"), nb::arg("verify"), nb::arg("tensor_parallel"), nb::arg("pipeline_parallel"),
      nb::arg("data_parallel"), nb::arg("expert_parallel"));
  core.def(
      "verify",
      [](Group& group, std::string const& path, std::optional<std::uint64_t> step, bool all, bool seal) {
        return call([&group, path, step, all, seal] {
          return verified(group, path, {.step = step, .all = all, .seal = seal});
        });
      },
      nb::arg("group"), nb::arg("path"), nb::arg("step") = nb::none(), nb::arg("all") = false, nb::arg("seal") = false);
}

}  // namespace distload::python
