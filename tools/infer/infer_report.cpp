// Lines for people, and JSON.
#include "infer/infer_report.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace distload {
namespace {

using Json = nlohmann::ordered_json;

std::string joined(std::vector<std::string> const& names) {
  constexpr std::size_t kShown = 16;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kShown; ++i) text += (i == 0 ? "" : ", ") + printable(names[i]);
  if (names.size() > kShown) text += fmt::format(" and {} others", names.size() - kShown);
  return text;
}

std::string ranks_text(std::vector<std::uint32_t> const& ranks) {
  if (ranks.size() == 1) return "rank " + std::to_string(ranks.front());
  return fmt::format("ranks {}-{}", ranks.front(), ranks.back());
}

Json json_of(Comparison const& comparison) {
  Json json{{"reference", comparison.reference},         {"compared", comparison.compared},
            {"same_bits", comparison.same_bits},         {"largest_difference", comparison.of_last.largest},
            {"magnitude", comparison.of_last.magnitude}, {"top1_equal", comparison.top1_equal}};
  if (!comparison.first) return json;
  auto const& [output, difference] = *comparison.first;
  json["first_difference"] = {{"output", output->name},
                              {"parameters", output->parameters},
                              {"ranks", output->ranks},
                              {"difference", difference.largest},
                              {"magnitude", difference.magnitude}};
  return json;
}

Json rows_of(TokenBatch const& batch) {
  auto rows = Json::array();
  for (std::uint64_t sequence = 0; sequence < batch.batch; ++sequence) {
    auto row = Json::array();
    for (std::uint64_t i = 0; i < batch.tokens; ++i) row.push_back(batch.ids[sequence * batch.tokens + i]);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

std::string describe_generated(TokenBatch const& generated) {
  std::string text;
  if (generated.ids.empty()) return text;
  for (std::uint64_t sequence = 0; sequence < generated.batch; ++sequence) {
    text += "generated: ";
    for (std::uint64_t i = 0; i < generated.tokens; ++i) {
      text += (i == 0 ? "" : ",") + std::to_string(generated.ids[sequence * generated.tokens + i]);
    }
    text += '\n';
  }
  return text;
}

std::string describe_comparison(Comparison const& comparison) {
  auto const& difference = comparison.of_last;
  auto const what = fmt::format("against {}: {} outputs", printable(comparison.reference), comparison.compared);
  if (comparison.same_bits) return what + ", the same bits\n";
  return fmt::format(
      "{}, {} differ by at most {:.3g} of {:.3g}, the largest number is at the same place for {:.1f} % of tokens\n",
      what, comparison.last, difference.largest, difference.magnitude, 100 * comparison.top1_equal);
}

std::string describe_difference(Comparison const& comparison) {
  auto const& [output, difference] = *comparison.first;
  auto const how = difference.same_size
                       ? fmt::format("differs from {} by {:.3g} (its magnitude is {:.3g})",
                                     printable(comparison.reference), difference.largest, difference.magnitude)
                       : fmt::format("has another shape than in {}", printable(comparison.reference));
  return fmt::format("{} {}, as the first of all outputs; computed by {} with {}", output->name, how,
                     ranks_text(output->ranks), joined(output->parameters));
}

std::string infer_report(InferSubject const& subject, InferResults const& results) {
  auto const& metadata = subject.loaded.model.metadata();
  auto const& topology = subject.topology;
  Json json{
      {"schema", 1},
      {"model", {{"name", metadata.model_name}, {"architecture", metadata.architecture}, {"step", metadata.step}}},
      {"topology",
       {{"tensor_parallel", topology.tensor_parallel},
        {"pipeline_parallel", topology.pipeline_parallel},
        {"data_parallel", topology.data_parallel},
        {"expert_parallel", topology.expert_parallel}}},
      {"tokens", {subject.ids.batch, subject.ids.tokens}},
      {"exact", results.inexact.empty()},
      {"inexact", results.inexact},
      {"logits",
       {{"shape", {subject.ids.batch, subject.ids.tokens, subject.result.width}},
        {"xxh3", format_hash(results.hash)},
        {"file", subject.file}}},
      {"generated", rows_of(results.generated)},
      {"seconds",
       {{"load", subject.loaded.times.total_seconds},
        {"forward", results.forward_seconds},
        {"generate", results.generate_seconds}}}};
  if (results.comparison) json["against"] = json_of(*results.comparison);
  return json_text(json, 2) + "\n";
}

}  // namespace distload
