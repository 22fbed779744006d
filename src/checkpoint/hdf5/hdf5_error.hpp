/// The check around every HDF5 call: a failure becomes an Hdf5Error with the file, the call and the library's own
/// words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <hdf5.h>

#include <distload/base/error.hpp>

namespace distload::hdf5 {

/// HDF5 refused a call. Whoever knows what the call was for decides whether that means damage or trouble with storage.
class Hdf5Error : public IoError {
 public:
  Hdf5Error(std::string const& message, bool storage_failed) : IoError(message), storage_failed_(storage_failed) {}

  /// True if the operating system refused to read or write, as opposed to HDF5 disliking what it read.
  bool storage_failed() const noexcept { return storage_failed_; }

 private:
  bool storage_failed_;
};

/// Silences HDF5's own printing and keeps it from closing files at exit, which would wait for other ranks. Called
/// before the first identifier is made; later calls do nothing.
void start_library();

/// Where a call stands in the source.
struct Place {
  char const* file;
  int line;
};

/// @throws Hdf5Error  with the text of HDF5's error stack. `call` is the call as it stands in the source.
[[noreturn]] void fail(std::string_view path, char const* call, Place const& place);
/// The same, with the path of the file that `object` lies in and the object's own.
[[noreturn]] void fail(hid_t object, char const* call, Place const& place);

/// For calls that concern no file.
inline constexpr std::string_view kNoFile;

/// `result`, if it is not negative, which is how nearly all of HDF5 reports failure.
template <class Result, class Where>
Result check(Result result, Where const& where, char const* call, Place const& place) {
  if (static_cast<std::int64_t>(result) < 0) fail(where, call, place);
  return result;
}

}  // namespace distload::hdf5

/// A checked call; `where` is a path or an identifier of an object in the file.
#define DISTLOAD_HDF5(where, ...) ::distload::hdf5::check((__VA_ARGS__), (where), #__VA_ARGS__, {__FILE__, __LINE__})
