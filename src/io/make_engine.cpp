// Names to engines.
#include "io/make_engine.hpp"

#include <distload/base/error.hpp>

#include "io/buffered_engine.hpp"
#include "io/collective_files.hpp"
#include "io/collective_hdf5.hpp"

namespace distload {

std::unique_ptr<Engine> make_engine(std::string_view name, Catalog const& catalog, Communicator& ranks,
                                    Hints const& hints, std::uint32_t threads) {
  if (name == "buffered") return std::make_unique<BufferedEngine>(catalog, threads);
  if (name == "collective") {
    if (catalog.format == SourceFormat::hdf5 && catalog.files.size() == 1)
      if (auto engine = CollectiveHdf5::open(catalog, ranks, hints)) return engine;
    return std::make_unique<CollectiveFiles>(catalog, ranks, hints);
  }
  throw ConfigError("there is no engine '" + std::string(name) + "'; there are buffered and collective");
}

}  // namespace distload
