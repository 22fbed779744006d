#include "layers/kernels/add_columns.hpp"
#include "layers/kernels/dot_rows.hpp"
#include "layers/kernels/panels.hpp"
#include "layers/kernels/simd_avx2.hpp"

namespace distload::matmul {

Kernels const kAvx2Kernels = {dot_rows<Avx2Simd>, add_columns<Avx2Simd>, pack<Avx2Simd>, tile<Avx2Simd>};

}  // namespace distload::matmul
