// The lines and the JSON of the figures.
#include "bench/infer_report.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace distload {
namespace {

using Json = nlohmann::ordered_json;

double rate(double amount, Samples const& seconds) { return amount / seconds.median(); }

double flops_of(InferFigures const& figures, ProductFigures const& product) {
  return 2.0 * static_cast<double>(product.outputs * product.inputs * figures.options.tokens);
}

/// Seconds of the sums of all layers for so many tokens, by `samples`.
double sums_seconds(InferFigures const& figures, std::uint64_t tokens, Samples SumFigures::*samples) {
  double seconds = 0;
  for (auto const& sum : figures.sums) {
    if (sum.tokens == tokens) seconds += (sum.*samples).median() * static_cast<double>(figures.layers);
  }
  return seconds;
}

/// Seconds of the matrix products of all layers, each by itself.
double products_seconds(InferFigures const& figures) {
  double seconds = 0;
  for (auto const& product : figures.products) seconds += product.seconds.median() * static_cast<double>(product.count);
  return seconds;
}

std::string line_of(InferFigures const& figures, SumFigures const& sum) {
  auto const whole = sum.tokens == 1 ? figures.step.median() : figures.prefill.median();
  auto const layers = static_cast<double>(figures.layers);
  return fmt::format("sum      {:40} {:4} tokens, {} nodes {:9.1f} us, all-reduce {:9.1f} us; of all layers {:.1f} %\n",
                     sum.name, sum.tokens, sum.nodes, sum.exact.median() * 1e6, sum.all_reduce.median() * 1e6,
                     100 * sum.exact.median() * layers / whole);
}

}  // namespace

std::string table_of(InferFigures const& figures) {
  auto const bytes = static_cast<double>(figures.step_bytes);
  auto text = fmt::format("{} ranks x {} threads, {:.1f} M parameters in matrices\n", figures.ranks, figures.threads,
                          static_cast<double>(figures.matrix_parameters) / 1e6);
  text += fmt::format("step     {:.2f} ms, {:.1f} tokens/s, {:.2f} GB/s of weights; memory {:.2f} GB/s: {:.0f} %\n",
                      figures.step.median() * 1e3, rate(1, figures.step), rate(bytes, figures.step) / 1e9,
                      rate(bytes, figures.memory) / 1e9, 100 * figures.memory.median() / figures.step.median());
  text += fmt::format("prefill  {} tokens in {:.0f} ms, {:.1f} GFLOP/s; its matrix products alone {:.1f} GFLOP/s\n",
                      figures.options.tokens, figures.prefill.median() * 1e3,
                      rate(figures.prefill_flops(), figures.prefill) / 1e9,
                      figures.prefill_flops() / products_seconds(figures) / 1e9);
  for (auto const& product : figures.products) {
    auto const flops = flops_of(figures, product);
    text += fmt::format("product  {:40} {:5} x {:5} {:7.1f} GFLOP/s", product.name, product.outputs, product.inputs,
                        rate(flops, product.seconds) / 1e9);
    auto const& one = product.one_segment;
    text += one.all().empty() ? "\n" : fmt::format("; as one segment {:.1f}\n", rate(flops, one) / 1e9);
  }
  if (figures.ranks == 1) return text;
  for (auto const& sum : figures.sums) text += line_of(figures, sum);
  return text;
}

std::string json_of(InferFigures const& figures) {
  auto const bytes = static_cast<double>(figures.step_bytes);
  Json json{{"ranks", figures.ranks},
            {"threads", figures.threads},
            {"tokens", figures.options.tokens},
            {"layers", figures.layers},
            {"matrix_parameters", figures.matrix_parameters}};
  json["step"] = {{"bytes", figures.step_bytes},
                  {"seconds", figures.step.all()},
                  {"tokens_per_second", rate(1, figures.step)},
                  {"bytes_per_second", rate(bytes, figures.step)},
                  {"memory_seconds", figures.memory.all()},
                  {"memory_bytes_per_second", rate(bytes, figures.memory)},
                  {"of_memory", figures.memory.median() / figures.step.median()},
                  {"exact_sums_seconds", sums_seconds(figures, 1, &SumFigures::exact)},
                  {"all_reduce_seconds", sums_seconds(figures, 1, &SumFigures::all_reduce)}};
  auto const tokens = figures.options.tokens;
  json["prefill"] = {{"seconds", figures.prefill.all()},
                     {"flops_per_second", rate(figures.prefill_flops(), figures.prefill)},
                     {"products_flops_per_second", figures.prefill_flops() / products_seconds(figures)},
                     {"exact_sums_seconds", sums_seconds(figures, tokens, &SumFigures::exact)},
                     {"all_reduce_seconds", sums_seconds(figures, tokens, &SumFigures::all_reduce)}};
  json["products"] = Json::array();
  for (auto const& product : figures.products) {
    json["products"].push_back({{"name", product.name},
                                {"outputs", product.outputs},
                                {"inputs", product.inputs},
                                {"count", product.count},
                                {"seconds", product.seconds.all()},
                                {"one_segment_seconds", product.one_segment.all()},
                                {"flops_per_second", rate(flops_of(figures, product), product.seconds)}});
  }
  json["sums"] = Json::array();
  for (auto const& sum : figures.sums) {
    json["sums"].push_back({{"name", sum.name},
                            {"tokens", sum.tokens},
                            {"nodes", sum.nodes},
                            {"exact_seconds", sum.exact.all()},
                            {"all_reduce_seconds", sum.all_reduce.all()}});
  }
  return json.dump(2) + "\n";
}

}  // namespace distload
