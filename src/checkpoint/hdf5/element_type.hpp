/// Conversion of element types to HDF5 types and back.
#pragma once

#include <optional>
#include <string>

#include <distload/base/dtype.hpp>

#include "checkpoint/hdf5/handle.hpp"

namespace distload::hdf5 {

/// The HDF5 type of stored elements. Floats and integers are little-endian; F16 and BF16 are custom floats, so that
/// h5dump and h5py print numbers; BOOL is h5py's enumeration; 8-bit floats, which HDF5 cannot describe, are opaque
/// bytes tagged with their name.
Datatype make_element_type(DType dtype);

/// The DType that a stored type corresponds to.
struct ElementType {
  std::optional<DType> dtype;  ///< nothing if the type cannot be loaded
  bool is_number = false;      ///< true also for numbers that distload does not support; false for texts and records
  std::string problem;         ///< why the type cannot be loaded, e.g. "big-endian numbers"
};

ElementType element_type_of(DatatypeView type);

}  // namespace distload::hdf5
