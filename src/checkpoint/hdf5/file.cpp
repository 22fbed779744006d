// Checked calls on files.
#include "checkpoint/hdf5/file.hpp"

namespace distload::hdf5 {

File open_file(std::string const& path, Access access, PropertyListView access_list) {
  unsigned const flags = access == Access::read ? H5F_ACC_RDONLY : H5F_ACC_RDWR;
  return File(DISTLOAD_HDF5(path, H5Fopen(path.c_str(), flags, access_list.id())));
}

File create_file(std::string const& path, PropertyListView creation_list, PropertyListView access_list) {
  return File(DISTLOAD_HDF5(path, H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation_list.id(), access_list.id())));
}

Bytes user_block_bytes(FileView file) {
  PropertyList const creation(DISTLOAD_HDF5(file.id(), H5Fget_create_plist(file.id())));
  hsize_t bytes = 0;
  DISTLOAD_HDF5(file.id(), H5Pget_userblock(creation.view().id(), &bytes));
  return bytes;
}

}  // namespace distload::hdf5
