/// What distload-infer prints and reports.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <distload/base/topology.hpp>
#include <distload/infer/parallel_model.hpp>
#include <distload/load/loader.hpp>

#include "infer/compare.hpp"

namespace distload {

/// What a run has found.
struct InferResults {
  std::uint64_t hash = 0;            ///< XXH3-64 of the result
  TokenBatch generated;              ///< empty: nothing was generated
  std::vector<std::string> inexact;  ///< layers whose results depend on the number of ranks
  std::optional<Comparison> comparison;
  double forward_seconds = 0;
  double generate_seconds = 0;
};

/// What a run was about.
struct InferSubject {
  Topology topology;
  LoadResult const& loaded;
  TokenBatch const& ids;
  HostOutput const& result;
  std::string const& file;  ///< that the result is written to; may be empty
};

/// "generated: 5,7,9", a line for each sequence.
std::string describe_generated(TokenBatch const& generated);

/// One line: what agrees, and how closely.
std::string describe_comparison(Comparison const& comparison);

/// Precondition: some output differs. Names the first one, its parameters, ranks, and the size of the difference.
std::string describe_difference(Comparison const& comparison);

/// As JSON.
std::string infer_report(InferSubject const& subject, InferResults const& results);

}  // namespace distload
