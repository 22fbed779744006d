/// The check of every HDF5 call: a failure becomes an Hdf5Error with the file, the call and HDF5's message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <hdf5.h>

#include <distload/base/error.hpp>

namespace distload::hdf5 {

/// A failed HDF5 call. The caller decides whether the failure means corrupt data or an I/O error.
class Hdf5Error : public IoError {
 public:
  Hdf5Error(std::string const& message, bool storage_failed) : IoError(message), storage_failed_(storage_failed) {}

  /// True if the operating system failed to read or write; false if HDF5 refused the content.
  bool storage_failed() const noexcept { return storage_failed_; }

 private:
  bool storage_failed_;
};

/// Disables HDF5's error printing and its closing of files at exit, which would wait for other ranks. Must be called
/// before the first identifier is created; later calls have no effect.
void start_library();

/// Source location of a call.
struct Place {
  char const* file;
  int line;
};

/// @throws Hdf5Error  with the text of HDF5's error stack. `call` is the source text of the call.
[[noreturn]] void fail(std::string_view path, char const* call, Place const& place);
/// The same, with the path of the file that contains `object` and the object's path.
[[noreturn]] void fail(hid_t object, char const* call, Place const& place);

/// For calls that concern no file.
inline constexpr std::string_view kNoFile;

/// Returns `result`, unless it is negative, which is how HDF5 reports failure.
template <class Result, class Where>
Result check(Result result, Where const& where, char const* call, Place const& place) {
  if (static_cast<std::int64_t>(result) < 0) fail(where, call, place);
  return result;
}

}  // namespace distload::hdf5

/// A checked call; `where` is a path or an identifier of an object in the file.
#define DISTLOAD_HDF5(where, ...) ::distload::hdf5::check((__VA_ARGS__), (where), #__VA_ARGS__, {__FILE__, __LINE__})
