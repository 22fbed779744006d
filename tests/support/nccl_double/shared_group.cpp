// A file without a name, which other processes open by way of /proc.
#include "shared_group.hpp"

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "streams.hpp"

namespace nccl_double {
namespace {

[[noreturn]] void fail(std::string const& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

}  // namespace

GroupPlace make_group() {
  auto const descriptor = memfd_create("nccl_double", MFD_CLOEXEC);
  if (descriptor < 0) fail("memfd_create");
  return {getpid(), descriptor};
}

SharedGroup::SharedGroup(GroupPlace place, int size) : size_(size) {
  auto const path = "/proc/" + std::to_string(place.process) + "/fd/" + std::to_string(place.descriptor);
  auto const descriptor = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) fail(path);
  constexpr std::size_t kPage = 4096;
  auto const ranks = static_cast<std::size_t>(size);
  auto const head = (ranks * sizeof(RankRecord) + kPage - 1) / kPage * kPage;
  auto const nbytes = head + ranks * ranks * sizeof(Channel);
  // All ranks set the same size; new bytes are zero, which is the initial state of all members.
  if (ftruncate(descriptor, static_cast<off_t>(nbytes)) != 0) fail("ftruncate");
  auto* const memory = mmap(nullptr, nbytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, descriptor, 0);
  if (memory == MAP_FAILED) fail("mmap");
  close(descriptor);
  register_memory(memory, nbytes);
  records_ = static_cast<RankRecord*>(memory);
  channels_ = reinterpret_cast<Channel*>(static_cast<std::byte*>(memory) + head);
}

}  // namespace nccl_double
