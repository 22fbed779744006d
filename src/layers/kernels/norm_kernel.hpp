/// normalize: RMS and layer norms of rows.
#pragma once

#include <distload/layers/activations.hpp>
#include <distload/layers/norm.hpp>

#include "layers/kernels/numbers.hpp"

namespace distload {

/// y = norm(x) (weight + offset) + bias, row by row; y may be x. Sums of a row are made in one order, as of `multiply`.
/// `bias` may be empty.
void normalize(NormOptions const& options, Numbers const& weight, Numbers const& bias, ConstActivations const& x,
               Activations const& y);

}  // namespace distload
