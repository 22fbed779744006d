// Opens files on demand.
#include "io/files/input_files.hpp"

namespace distload {

InputFiles::InputFiles(Catalog const& catalog, Caching caching)
    : catalog_(&catalog), caching_(caching), files_(catalog.files.size()) {}

InputFile const& InputFiles::open(std::uint32_t number) {
  auto& file = files_[number];
  if (!file) file.emplace(catalog_->files[number].path, caching_);
  return *file;
}

}  // namespace distload
