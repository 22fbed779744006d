/// How element types look in HDF5, and back.
#pragma once

#include <optional>
#include <string>

#include <distload/base/dtype.hpp>

#include "checkpoint/hdf5/handle.hpp"

namespace distload::hdf5 {

/// The type that elements are stored as. Floats and integers as themselves, little-endian: F16 and BF16 as custom
/// floats, so that h5dump and h5py show numbers; BOOL as h5py's enumeration; 8-bit floats, which HDF5 cannot describe,
/// as opaque bytes tagged with their name.
Datatype make_element_type(DType dtype);

/// What a stored type is to distload.
struct ElementType {
  std::optional<DType> dtype;  ///< nothing if it cannot be loaded
  bool is_number =
      false;            ///< could be a tensor's: numbers that distload does not support count, texts and records do not
  std::string problem;  ///< why it cannot be loaded, e.g. "big-endian numbers"
};

ElementType element_type_of(DatatypeView type);

}  // namespace distload::hdf5
