// Writes names and numbers of checkpoint and job.
#include "load/report_head.hpp"

#include <distload/load/report.hpp>

namespace distload {

Json report_head(Topology const& topology, OpenedCheckpoint const& checkpoint) {
  auto const& metadata = checkpoint.catalog.metadata;
  return {{"schema", kReportSchema},
          {"checkpoint", checkpoint.catalog.path},
          {"model",
           {{"name", metadata.model_name},
            {"family", checkpoint.layout.family},
            {"architecture", metadata.architecture},
            {"parameters", metadata.model_size},
            {"step", metadata.step}}},
          {"topology",
           {{"tensor_parallel", topology.tensor_parallel},
            {"pipeline_parallel", topology.pipeline_parallel},
            {"data_parallel", topology.data_parallel},
            {"expert_parallel", topology.expert_parallel},
            {"ranks", topology.ranks()}}}};
}

Json predicted_phases_of(Prediction const& predicted) {
  Json phases{
      {"open", predicted.open_seconds}, {"read", predicted.read_seconds}, {"exchange", predicted.exchange_seconds}};
  for (auto const& [name, seconds] : predicted.stages()) {
    if (seconds > 0) phases[std::string(name)] = seconds;
  }
  return phases;
}

}  // namespace distload
