/// An emulated device for tests: its streams are threads with queues, its memory is host memory that other processes of
/// the node can map. It runs the same pipeline as a GPU, under ThreadSanitizer too.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "device/device.hpp"

namespace distload {

struct EmulatedOptions {
  /// Called in the stream's thread before each operation: "copy", or the label of kernels. A benchmark sleeps
  /// there.
  std::function<void(std::string_view operation)> before = [](std::string_view) {};
  Bytes available_bytes = 4 * kGiB;
};

std::unique_ptr<Device> make_emulated_device(EmulatedOptions options);

/// Enqueues `function` on an emulated stream, by its handle, for libraries that know only the handle.
using EnqueueOnStream = void (*)(void* stream, void (*function)(void*), void* argument);
void enqueue_on_emulated_stream(void* stream, void (*function)(void*), void* argument);

}  // namespace distload
