/// Descriptor: a file descriptor that closes itself, and writing all of a text to one.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace distload {

/// Owns a file descriptor, or none. Move-only.
class Descriptor {
 public:
  /// Opens `path`; where the system refuses, the descriptor is none and errno says why.
  Descriptor(std::string const& path, int flags, unsigned mode = 0666) noexcept;
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Descriptor(Descriptor const&) = delete;
  Descriptor& operator=(Descriptor const&) = delete;

  int get() const noexcept { return fd_; }  ///< negative for none
  int release() noexcept { return std::exchange(fd_, -1); }

  /// @returns false, with the reason in errno, if what was written before could not be kept.
  bool close() noexcept;

 private:
  int fd_;
};

/// Writes all of `text`, however many calls that takes. @returns false, with the reason in errno, if that fails.
bool write_all(int descriptor, std::string_view text) noexcept;

}  // namespace distload
