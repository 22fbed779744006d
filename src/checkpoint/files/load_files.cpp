// Checks names and reads the files.
#include "checkpoint/files/load_files.hpp"

#include <algorithm>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "checkpoint/files/carried_names.hpp"

namespace distload {

void load_files(std::vector<CarriedFile>& files) {
  std::ranges::sort(files, {}, &CarriedFile::name);
  for (auto const& file : files) {
    if (!is_carried_name(file.name) || is_made_by_saving(file.name))
      throw ConfigError("no file can go along with a model under the name '" + printable(file.name) + "'");
  }
  auto const twice = std::ranges::adjacent_find(files, {}, &CarriedFile::name);
  if (twice != files.end())
    throw ConfigError("two files cannot go along under the name '" + printable(twice->name) + "'");
  for (auto& file : files) {
    file.content = content_of(file);
    file.nbytes = file.content->size();
  }
}

}  // namespace distload
