// Allocation of the arena in whichever memory shards live.
#include "load/arena.hpp"

#include <new>
#include <stdexcept>
#include <string>

#include <distload/base/error.hpp>

namespace distload {

Arena::Arena(Bytes nbytes) : nbytes_(nbytes) {
  if constexpr (kArenaOnHost) {
    host_ = HugePages(nbytes);
  } else {
    try {
      device_ = Kokkos::View<std::byte*, ShardSpace>("distload::arena", nbytes);
    } catch (std::runtime_error const& error) {
      throw OutOfBudget("the device refuses " + format_bytes(nbytes) + " of memory: " + error.what());
    }
  }
}

std::byte* Arena::data() const noexcept {
  if constexpr (kArenaOnHost) {
    return host_.data();
  } else {
    return device_.data();
  }
}

}  // namespace distload
