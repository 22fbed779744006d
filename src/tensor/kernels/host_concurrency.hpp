/// host_concurrency: how many threads a rank computes with on the host.
#pragma once

#include <cstdint>

namespace distload {

/// The threads of Kokkos' host space. Also without Kokkos, which a build for devices does not start where it needs
/// none: then those that OpenMP would start.
std::uint32_t host_concurrency();

}  // namespace distload
