// Converts HDF5's error stack to exceptions.
#include "checkpoint/hdf5/hdf5_error.hpp"

#include <vector>

#include "base/text.hpp"

namespace distload::hdf5 {
namespace {

struct ErrorStack {
  std::string text;
  bool storage_failed = false;
};

/// The descriptions on HDF5's error stack; the innermost, which is the cause, comes first.
ErrorStack take_error_stack() {
  ErrorStack stack;
  auto const append = [](unsigned, H5E_error2_t const* entry, void* context) -> herr_t {
    auto& into = *static_cast<ErrorStack*>(context);
    if (!into.text.empty()) into.text += "; ";
    into.text += entry->desc == nullptr ? "?" : entry->desc;
    if (entry->maj_num == H5E_VFL || entry->maj_num == H5E_IO) {
      into.storage_failed |= entry->min_num == H5E_READERROR || entry->min_num == H5E_WRITEERROR;
    }
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, append, &stack);
  H5Eclear2(H5E_DEFAULT);
  return stack;
}

/// "model.h5" or "model.h5: /tensors/x".
std::string name_of_object(hid_t object) {
  auto const read = [object](auto&& get) -> std::string {
    auto const length = get(object, nullptr, 0);
    if (length <= 0) return {};
    std::string name(static_cast<std::size_t>(length), '\0');
    get(object, name.data(), name.size() + 1);
    return name;
  };
  auto text = read([](hid_t id, char* name, std::size_t size) { return H5Fget_name(id, name, size); });
  auto const path = read([](hid_t id, char* name, std::size_t size) { return H5Iget_name(id, name, size); });
  if (!path.empty() && path != "/") text += ": " + printable(path);
  return text;
}

[[noreturn]] void throw_hdf5_error(std::string const& where, ErrorStack const& stack, char const* call,
                                   Place const& place) {
  std::string_view const full_call = call;
  std::string_view file = place.file;
  if (auto const slash = file.rfind('/'); slash != std::string_view::npos) file.remove_prefix(slash + 1);
  std::string message = where.empty() ? "" : where + ": ";
  message.append(full_call.substr(0, full_call.find('('))).append(" failed: ").append(stack.text);
  message.append(" (").append(file).append(":").append(std::to_string(place.line)).append(")");
  throw Hdf5Error(message, stack.storage_failed);
}

}  // namespace

void start_library() {
  static bool const started = [] {
    H5dont_atexit();
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    return true;
  }();
  static_cast<void>(started);
}

void fail(std::string_view path, char const* call, Place const& place) {
  throw_hdf5_error(std::string(path), take_error_stack(), call, place);
}

void fail(hid_t object, char const* call, Place const& place) {
  // Read the error stack before asking for names, which clears it.
  auto const stack = take_error_stack();
  throw_hdf5_error(name_of_object(object), stack, call, place);
}

}  // namespace distload::hdf5
