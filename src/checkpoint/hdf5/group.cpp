// Checked calls on groups and links.
#include "checkpoint/hdf5/group.hpp"

#include <algorithm>

#include "checkpoint/hdf5/property_list.hpp"

namespace distload::hdf5 {
namespace {

ObjectKind kind_of(H5O_type_t type) {
  switch (type) {
    case H5O_TYPE_GROUP: return ObjectKind::group;
    case H5O_TYPE_DATASET: return ObjectKind::dataset;
    default: return ObjectKind::other;
  }
}

}  // namespace

Group root_of(FileView file) { return Group(DISTLOAD_HDF5(file.id(), H5Gopen2(file.id(), "/", H5P_DEFAULT))); }

Group open_group(GroupView parent, std::string const& name) {
  return Group(DISTLOAD_HDF5(parent.id(), H5Gopen2(parent.id(), name.c_str(), H5P_DEFAULT)));
}

Group create_group(GroupView parent, std::string const& name) {
  auto const creation = group_creation();
  return Group(DISTLOAD_HDF5(parent.id(),
                             H5Gcreate2(parent.id(), name.c_str(), H5P_DEFAULT, creation.view().id(), H5P_DEFAULT)));
}

std::uint64_t address_of(GroupView group) {
  H5O_info_t info;
  DISTLOAD_HDF5(group.id(), H5Oget_info2(group.id(), &info, H5O_INFO_BASIC));
  return info.addr;
}

bool has_link(GroupView group, std::string const& name) {
  return DISTLOAD_HDF5(group.id(), H5Lexists(group.id(), name.c_str(), H5P_DEFAULT)) > 0;
}

std::vector<Link> links_of(GroupView group) {
  std::vector<Link> links;
  auto const collect = [](hid_t, char const* name, H5L_info_t const* info, void* context) -> herr_t {
    try {
      static_cast<std::vector<Link>*>(context)->push_back(
          {name, info->type == H5L_TYPE_HARD ? ObjectKind::other : ObjectKind::elsewhere, 0});
      return 0;
    } catch (...) {
      return -1;  // exceptions must not propagate through HDF5's C code
    }
  };
  // Sorted here: HDF5 would build a table for sorting, and crashes if the group is damaged.
  hsize_t position = 0;
  DISTLOAD_HDF5(group.id(), H5Literate(group.id(), H5_INDEX_NAME, H5_ITER_NATIVE, &position, collect, &links));
  std::ranges::sort(links, {}, &Link::name);
  for (auto& link : links) {
    if (link.kind == ObjectKind::elsewhere) continue;
    H5O_info_t info;
    DISTLOAD_HDF5(group.id(), H5Oget_info_by_name2(group.id(), link.name.c_str(), &info, H5O_INFO_BASIC, H5P_DEFAULT));
    link.kind = kind_of(info.type);
    link.address = info.addr;
  }
  return links;
}

}  // namespace distload::hdf5
