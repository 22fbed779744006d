#include "layers/kernels/add_columns.hpp"
#include "layers/kernels/dot_rows.hpp"
#include "layers/kernels/panels.hpp"
#include "layers/kernels/simd_portable.hpp"

namespace distload::matmul {

Kernels const kPortableKernels = {dot_rows<PortableSimd>, add_columns<PortableSimd>, pack<PortableSimd>,
                                  tile<PortableSimd>};

}  // namespace distload::matmul
