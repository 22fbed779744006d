#include "layers/kernels/add_columns.hpp"
#include "layers/kernels/dot_rows.hpp"
#include "layers/kernels/panels.hpp"
#include "layers/kernels/simd_avx512.hpp"

namespace distload::matmul {

Kernels const kAvx512Kernels = {dot_rows<Avx512Simd>, add_columns<Avx512Simd>, pack<Avx512Simd>, tile<Avx512Simd>};

}  // namespace distload::matmul
