// Opens descriptors 0 to 2 if closed; ignores SIGPIPE and SIGXFSZ.
#include "base/standard_streams.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <distload/base/error.hpp>

#include "base/descriptor.hpp"
#include "base/system.hpp"

namespace distload {
namespace {

/// State of stdout, shared by all threads that print.
struct Output {
  std::mutex mutex;
  bool is_used = false;
  int error = 0;  ///< errno of the first failed write
};

Output& output() {
  static Output of_process;
  return of_process;
}

/// Some network file systems report a lack of space only when the file is closed.
bool closing_would_succeed(int descriptor) noexcept {
  auto const copy = ::dup(descriptor);
  return copy >= 0 && ::close(copy) == 0;
}

}  // namespace

void protect_standard_streams() noexcept {
  for (int const stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
    // open returns the lowest free number, which is the stream's: the lower ones are in use. Writes to stdout fail as
    // on a closed stream; messages to stderr are lost.
    static_cast<void>(::open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY));
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

void print(std::string_view text) noexcept {
  if (text.empty()) return;
  auto& out = output();
  std::lock_guard const lock(out.mutex);
  out.is_used = true;
  if (out.error == 0 && !write_all(STDOUT_FILENO, text)) out.error = errno;
}

std::optional<int> output_failure() noexcept {
  auto& out = output();
  std::lock_guard const lock(out.mutex);
  if (std::fflush(stdout) != 0 && out.error == 0) out.error = errno;
  if (std::ferror(stdout) != 0 && out.error == 0) out.error = EIO;
  if (out.is_used && out.error == 0 && !closing_would_succeed(STDOUT_FILENO)) out.error = errno;
  if (out.error == 0) return std::nullopt;
  return out.error;
}

void check_output() {
  auto const error = output_failure();
  if (!error) return;
  throw IoError("cannot write the results to stdout: " + (*error == EBADF ? "it is closed" : system_reason(*error)));
}

}  // namespace distload
