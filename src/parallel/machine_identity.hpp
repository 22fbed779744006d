/// machine_identity: a number that processes of one machine share.
#pragma once

#include <cstdint>

namespace distload {

/// Local: of the host's name and of the kernel's boot id, because host names may be equal, e.g. in containers.
std::uint64_t machine_identity();

}  // namespace distload
