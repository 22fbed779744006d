// flock(2) on a directory.
#include "save/commit/folder_lock.hpp"

#include <cerrno>
#include <chrono>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>

namespace distload {
namespace {

constexpr std::chrono::seconds kWait{10};
constexpr std::chrono::milliseconds kBetweenTries{5};

}  // namespace

FolderLock::FolderLock(std::string const& folder) : folder_(folder, O_RDONLY | O_DIRECTORY) {
  auto const end = std::chrono::steady_clock::now() + kWait;
  while (folder_.get() >= 0 && ::flock(folder_.get(), LOCK_EX | LOCK_NB) != 0) {
    bool const is_held = errno == EWOULDBLOCK || errno == EINTR;
    if (!is_held || std::chrono::steady_clock::now() >= end) return;
    std::this_thread::sleep_for(kBetweenTries);
  }
}

}  // namespace distload
