// Maps kinds of identifiers to their close functions.
#include "checkpoint/hdf5/handle.hpp"

namespace distload::hdf5 {

herr_t close_identifier(Kind kind, hid_t id) noexcept {
  switch (kind) {
    case Kind::file: return H5Fclose(id);
    case Kind::group: return H5Gclose(id);
    case Kind::dataset: return H5Dclose(id);
    case Kind::attribute: return H5Aclose(id);
    case Kind::dataspace: return H5Sclose(id);
    case Kind::datatype: return H5Tclose(id);
    case Kind::property_list: return H5Pclose(id);
  }
  return -1;
}

}  // namespace distload::hdf5
