// Writes through io_uring: looked at when they are submitted. A file's sync covers what was submitted before it, so a
// sync that does not wait for the completions is not noticed.
#include <cerrno>
#include <optional>

#include <fcntl.h>
#include <liburing.h>
#include <sys/uio.h>

#include "failure.hpp"
#include "next_call.hpp"
#include "undo_log.hpp"
#include "watched.hpp"

namespace fl = distload::file_layer;

namespace {

/// Bytes that an entry writes; nothing if it is no write.
std::optional<std::uint64_t> length_of(io_uring_sqe const& entry) {
  if (entry.opcode == IORING_OP_WRITE || entry.opcode == IORING_OP_WRITE_FIXED) return entry.len;
  if (entry.opcode != IORING_OP_WRITEV) return std::nullopt;
  std::uint64_t length = 0;
  auto const* const vectors = reinterpret_cast<iovec const*>(entry.addr);
  for (unsigned i = 0; i < entry.len; ++i) length += vectors[i].iov_len;
  return length;
}

/// A file to which the kernel cannot write, with that error.
int file_that_fails(int error) {
  char const* path = nullptr;
  if (error == EIO) path = "/proc/self/mem";  // nothing is mapped at address 0
  if (error == ENOSPC) path = "/dev/full";
  if (path == nullptr) fl::give_up("no write through io_uring can be made to fail so");
  auto const descriptor = ::open(path, O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) fl::give_up("a write cannot be made to fail");
  return descriptor;
}

void look_at(io_uring_sqe& entry) {
  auto const length = length_of(entry);
  if (!length) return;
  if ((entry.flags & IOSQE_FIXED_FILE) != 0) fl::give_up("registered files cannot be watched");
  auto const file = fl::watched_file(entry.fd);
  if (!file) return;
  if (auto const error = fl::failure_of_call(fl::CallKind::write); error != 0) {
    entry.fd = file_that_fails(error);
    entry.off = 0;
  } else if (fl::records()) {
    fl::record_write(entry.fd, *file, static_cast<off_t>(entry.off), *length);
  }
}

void look_at_new_entries(io_uring* ring) {
  auto const shift = (ring->flags & IORING_SETUP_SQE128) != 0 ? 1U : 0U;
  for (auto number = ring->sq.sqe_head; number != ring->sq.sqe_tail; ++number)
    look_at(ring->sq.sqes[(number & ring->sq.ring_mask) << shift]);
}

}  // namespace

extern "C" {

int io_uring_submit(io_uring* ring) {
  static auto* const next = fl::next_call<decltype(::io_uring_submit)>("io_uring_submit");
  look_at_new_entries(ring);
  return next(ring);
}

int io_uring_submit_and_wait(io_uring* ring, unsigned wanted) {
  static auto* const next = fl::next_call<decltype(::io_uring_submit_and_wait)>("io_uring_submit_and_wait");
  look_at_new_entries(ring);
  return next(ring, wanted);
}

}  // extern "C"
