// Hashes a message of the members.
#include "checkpoint/fingerprint.hpp"

#include "base/hash.hpp"
#include "base/wire.hpp"

namespace distload {

std::uint64_t fingerprint_of(Catalog const& catalog) {
  WireWriter message;
  message.put_text(catalog.path);
  message.put_text(catalog.metadata.created);
  message.put(catalog.metadata.step);
  message.put(catalog.files.size());
  for (auto const& file : catalog.files) {
    message.put_text(file.path);
    message.put(file.size_bytes);
  }
  message.put(catalog.extents.size());
  for (auto const& extent : catalog.extents) {
    message.put(extent.tensor);
    message.put(extent.file);
    message.put(extent.offset_bytes);
    message.put(extent.nbytes);
  }
  return xxh3_64(message.take());
}

}  // namespace distload
