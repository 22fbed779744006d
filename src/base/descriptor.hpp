/// Descriptor, which owns a file descriptor, and write_all.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace distload {

/// Owns at most one file descriptor. Move-only.
class Descriptor {
 public:
  /// Opens `path`. On failure the object owns no descriptor and errno has the reason.
  Descriptor(std::string const& path, int flags, unsigned mode = 0666) noexcept;
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Descriptor(Descriptor const&) = delete;
  Descriptor& operator=(Descriptor const&) = delete;

  int get() const noexcept { return fd_; }  ///< negative if the object owns none
  int release() noexcept { return std::exchange(fd_, -1); }

  /// @returns false, with the reason in errno, if the system reports that earlier writes failed.
  bool close() noexcept;

 private:
  int fd_;
};

/// Writes all of `text`, in as many calls as needed. @returns false, with the reason in errno, on failure.
bool write_all(int descriptor, std::string_view text) noexcept;

}  // namespace distload
