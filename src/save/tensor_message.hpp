/// The tensors of a model and their holders as messages between ranks.
#pragma once

#include "save/tensor_spec.hpp"

#include "base/wire.hpp"
#include "save/save_plan.hpp"

namespace distload {

struct DescribedTensor {
  TensorSpec spec;
  HeldTensor held;  ///< with the partition of `spec`
};

void put_tensor(WireWriter& out, DescribedTensor const& tensor);
DescribedTensor get_tensor(WireReader& in);

}  // namespace distload
