// Formats summary lines.
#include "app/summary.hpp"

#include <fmt/core.h>

#include "base/log.hpp"
#include "base/standard_streams.hpp"
#include "plan/describe_amplification.hpp"

namespace distload {

void print_loaded(OpenedCheckpoint const& checkpoint, LoadPlan const& plan, LoadResult const& loaded) {
  auto const seconds = loaded.times.total_seconds;
  print(fmt::format("loaded {} parameters, {}, in {:.3f} s ({:.2f} GB/s) with engine {}, read amplification {}\n",
                    checkpoint.layout.parameters.size(), format_bytes(plan.requested_bytes), seconds,
                    static_cast<double>(plan.requested_bytes) / seconds / 1e9, word_of(loaded.engine.name),
                    describe_amplification(plan)));
  warn_of_overflows(loaded.times.overflows);
}

void print_redistributed(Topology const& topology, RedistributeTimes const& times) {
  print(fmt::format(
      "redistributed to tensor_parallel {}, pipeline_parallel {}, data_parallel {}, expert_parallel {}: {} sent, {} "
      "copied, "
      "{} unchanged, in {:.3f} s ({:.2f} GB/s)\n",
      topology.tensor_parallel, topology.pipeline_parallel, topology.data_parallel, topology.expert_parallel,
      format_bytes(times.sent_bytes), format_bytes(times.local_bytes), format_bytes(times.shared_bytes), times.seconds,
      static_cast<double>(times.sent_bytes + times.local_bytes) / times.seconds / 1e9));
  warn_of_overflows(times.overflows);
}

void print_saved(SaveResult const& saved) {
  print(fmt::format("saved {}, {}, in {:.3f} s ({:.2f} GB/s)\n", saved.path, format_bytes(saved.checkpoint_bytes),
                    saved.seconds, static_cast<double>(saved.checkpoint_bytes) / saved.seconds / 1e9));
  if (saved.bytes.reused > 0) {
    print(fmt::format("{} of it are as in the base, {} were taken over from there\n",
                      format_bytes(saved.bytes.unchanged), format_bytes(saved.bytes.reused)));
  } else if (saved.bytes.unchanged > 0) {
    print(fmt::format("{} of it are as in the base; the file system could share or copy none of that\n",
                      format_bytes(saved.bytes.unchanged)));
  }
}

void warn_of_overflows(std::uint64_t overflows) {
  if (overflows > 0) log().warn("{} numbers are too large for load.dtype and have become infinite", overflows);
}

}  // namespace distload
