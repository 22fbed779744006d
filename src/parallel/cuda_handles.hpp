/// C++ owners of CUDA handles: a stream, and a device buffer.
#pragma once

#include <cstddef>
#include <memory>

struct CUstream_st;

namespace distload {

/// A stream that does not synchronise with the legacy default stream. Move-only.
class CudaStream {
 public:
  /// Created on the calling thread's current device.
  CudaStream();

  CUstream_st* get() const noexcept { return stream_.get(); }

  /// True when all work enqueued so far is complete.
  /// @throws InternalError  some of the work failed.
  bool is_done() const;

 private:
  struct Destroy {
    void operator()(CUstream_st* stream) const noexcept;
  };
  std::unique_ptr<CUstream_st, Destroy> stream_;
};

/// Bytes on the calling thread's current device, initialised to zero. Move-only.
class CudaBuffer {
 public:
  explicit CudaBuffer(std::size_t nbytes);

  std::byte* data() const noexcept { return data_.get(); }

 private:
  struct Free {
    void operator()(std::byte* data) const noexcept;
  };
  std::unique_ptr<std::byte, Free> data_;
};

}  // namespace distload
