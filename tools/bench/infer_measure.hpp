/// measure_inference: how fast a loaded decoder computes, beside what the machine can do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <distload/config/config.hpp>
#include <distload/parallel/process_grid.hpp>

#include "bench/infer_options.hpp"
#include "bench/samples.hpp"

namespace distload {

/// A matrix product with the shape of some of the model's matrices, on all ranks.
struct ProductFigures {
  std::string name;           ///< of the first such parameter
  std::uint64_t outputs = 0;  ///< of the whole matrix
  std::uint64_t inputs = 0;   ///< likewise
  std::uint64_t count = 0;    ///< matrices of that shape
  Samples seconds;
  Samples
      one_segment;  ///< of a matrix cut along its inputs: the same product with all inputs of the rank as one segment
};

/// The sum of a layer's results over the ranks.
struct SumFigures {
  std::string name;  ///< of the layer
  std::uint64_t tokens = 0;
  std::uint64_t nodes = 0;  ///< sums of segments that rank 0 contributes
  Samples exact;            ///< seconds of GroupSum
  Samples all_reduce;       ///< seconds of Communicator::all_reduce of the same result
};

/// Seconds are those of the slowest rank.
struct InferFigures {
  InferOptions options;
  std::uint32_t ranks = 0;
  std::uint32_t threads = 0;  ///< of a rank
  std::uint64_t layers = 0;
  std::uint64_t matrix_parameters = 0;  ///< by which every token is multiplied
  std::uint64_t step_bytes = 0;         ///< of weights that all ranks read for a token
  Samples step;                         ///< one-token steps
  Samples memory;                       ///< reading `step_bytes`
  Samples prefill;
  std::vector<ProductFigures> products;  ///< of options.tokens tokens
  std::vector<SumFigures> sums;

  double prefill_flops() const noexcept;
};

/// Collective over `grid.world()`, which is one tensor-parallel group: loads the model into memory of its own and
/// measures.
/// @throws  as Loader::load, ParallelModel and matrices_of.
InferFigures measure_inference(ProcessGrid const& grid, LoaderOptions config, InferOptions const& options);

}  // namespace distload
