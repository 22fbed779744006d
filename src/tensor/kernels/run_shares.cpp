// Counts shares.
#include "tensor/kernels/run_shares.hpp"

namespace distload {

std::uint64_t shares_of(StridedCopy const& copy) noexcept {
  if (copy.run_bytes == 0) return 0;
  if (copy.run_bytes > kShareBytes) return copy.runs() * shares_per_run(copy.run_bytes);
  auto const step = runs_per_share(copy.run_bytes);
  return (copy.runs() + step - 1) / step;
}

}  // namespace distload
