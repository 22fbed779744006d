// Hashes members one after the other.
#include "checkpoint/fingerprint.hpp"

#include <array>
#include <span>
#include <string_view>

#include "base/hash.hpp"

namespace distload {
namespace {

void add(StreamHash& hash, std::string_view text) {
  auto const length = text.size();
  hash.update(std::as_bytes(std::span(&length, 1)));
  hash.update(std::as_bytes(std::span(text)));
}

template <class... Numbers>
void add_numbers(StreamHash& hash, Numbers... numbers) {
  std::array<std::uint64_t, sizeof...(numbers)> const all{numbers...};
  hash.update(std::as_bytes(std::span(all)));
}

}  // namespace

std::uint64_t fingerprint_of(Catalog const& catalog) {
  StreamHash hash;
  add(hash, catalog.path);
  add(hash, catalog.metadata.created);
  add_numbers(hash, catalog.metadata.step, catalog.files.size(), catalog.extents.size());
  for (auto const& file : catalog.files) {
    add(hash, file.path);
    add_numbers(hash, file.size_bytes);
  }
  for (auto const& extent : catalog.extents) {
    add_numbers(hash, std::uint64_t{extent.tensor}, std::uint64_t{extent.file}, extent.offset_bytes, extent.nbytes);
  }
  return hash.digest();
}

}  // namespace distload
