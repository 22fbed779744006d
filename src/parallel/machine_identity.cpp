// Hashes what the system says of itself.
#include "parallel/machine_identity.hpp"

#include <fstream>
#include <span>
#include <string>

#include "base/hash.hpp"
#include "base/system.hpp"

namespace distload {

std::uint64_t machine_identity() {
  std::string boot;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot);
  auto const text = host_name() + "\n" + boot;
  return xxh3_64(std::as_bytes(std::span(text)));
}

}  // namespace distload
