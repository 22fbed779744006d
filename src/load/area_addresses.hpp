/// AreaAddresses: where the areas of a plan begin in this process while one of its waves is worked on.
#pragma once

#include <cstddef>

#include <distload/base/bytes.hpp>

#include "plan/planned_copies.hpp"

namespace distload {

struct AreaAddresses {
  std::byte* arena = nullptr;
  std::byte* staging = nullptr;  ///< of the wave's slot: its host side, or where shards live
  std::byte* mapped = nullptr;   ///< of the engine's mapping

  /// Nothing in `Area::passing`: what passes has no place. Nothing in `Area::source`: a load has none.
  std::byte* at(Area area, Bytes offset_bytes) const noexcept {
    switch (area) {
      case Area::arena: return arena + offset_bytes;
      case Area::staging: return staging + offset_bytes;
      case Area::mapped: return mapped + offset_bytes;
      case Area::passing:
      case Area::source: break;
    }
    return nullptr;
  }
};

}  // namespace distload
