// liburing calls and their checks.
#include "io/engines/io_ring.hpp"

#include <cassert>
#include <cerrno>
#include <functional>
#include <string>

#include <sys/uio.h>

#include <distload/base/error.hpp>

#include "base/system.hpp"

namespace distload {
namespace {

void check(int result, char const* what) {
  if (result < 0) throw IoError(std::string("io_uring: ") + what + ": " + system_reason(-result));
}

}  // namespace

IoRing::IoRing(std::uint32_t depth) { check(io_uring_queue_init(depth, &ring_, 0), "setting up"); }

IoRing::~IoRing() {
  // The owner may free the memory afterwards.
  while (under_way_ > 0) {
    io_uring_cqe* entry = nullptr;
    auto const result = io_uring_wait_cqe(&ring_, &entry);
    if (result == -EINTR) continue;
    if (result < 0) break;
    io_uring_cqe_seen(&ring_, entry);
    --under_way_;
  }
  io_uring_queue_exit(&ring_);
}

void IoRing::register_memory(std::span<std::byte> memory) noexcept {
  iovec const vector{memory.data(), memory.size()};
  if (io_uring_register_buffers(&ring_, &vector, 1) == 0) registered_ = memory;
}

bool IoRing::is_registered(std::span<std::byte const> memory) const noexcept {
  std::less_equal<> const not_behind;
  return !registered_.empty() && not_behind(registered_.data(), memory.data()) &&
         not_behind(memory.data() + memory.size(), registered_.data() + registered_.size());
}

void IoRing::submit(io_uring_sqe* entry, std::uint64_t id) {
  io_uring_sqe_set_data64(entry, id);
  int submitted = -EINTR;
  while (submitted == -EINTR) submitted = io_uring_submit(&ring_);
  check(submitted, "submitting a request");
  ++under_way_;
}

void IoRing::read(int descriptor, Bytes offset, std::span<std::byte> destination, std::uint64_t id) {
  auto* const entry = io_uring_get_sqe(&ring_);
  assert(entry != nullptr);
  auto const nbytes = static_cast<unsigned>(destination.size());
  if (is_registered(destination)) {
    io_uring_prep_read_fixed(entry, descriptor, destination.data(), nbytes, offset, 0);
  } else {
    io_uring_prep_read(entry, descriptor, destination.data(), nbytes, offset);
  }
  submit(entry, id);
}

void IoRing::write(int descriptor, Bytes offset, std::span<std::byte const> source, std::uint64_t id) {
  auto* const entry = io_uring_get_sqe(&ring_);
  assert(entry != nullptr);
  auto const nbytes = static_cast<unsigned>(source.size());
  if (is_registered(source)) {
    io_uring_prep_write_fixed(entry, descriptor, source.data(), nbytes, offset, 0);
  } else {
    io_uring_prep_write(entry, descriptor, source.data(), nbytes, offset);
  }
  submit(entry, id);
}

IoRing::Completion IoRing::wait() {
  assert(under_way_ > 0);
  io_uring_cqe* entry = nullptr;
  int result = -EINTR;
  while (result == -EINTR) result = io_uring_wait_cqe(&ring_, &entry);
  check(result, "waiting for a request");
  Completion const completion{io_uring_cqe_get_data64(entry), entry->res};
  io_uring_cqe_seen(&ring_, entry);
  --under_way_;
  return completion;
}

}  // namespace distload
