/// Groups and the links in them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "checkpoint/hdf5/handle.hpp"

namespace distload::hdf5 {

enum class ObjectKind : std::uint8_t {
  group,
  dataset,
  elsewhere,  ///< a soft or external link; not followed
  other,      ///< e.g. a named datatype
};

/// A link in a group.
struct Link {
  std::string name;
  ObjectKind kind = ObjectKind::other;
  std::uint64_t address = 0;  ///< of the object header: equal for two links to the same object
};

Group root_of(FileView file);
Group open_group(GroupView parent, std::string const& name);
Group create_group(GroupView parent, std::string const& name);

/// The address of the group's header, as in `Link::address`.
std::uint64_t address_of(GroupView group);
bool has_link(GroupView group, std::string const& name);

/// All links, ordered by name.
std::vector<Link> links_of(GroupView group);

}  // namespace distload::hdf5
