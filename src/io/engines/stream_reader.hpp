/// StreamReader: reads extents in order, in parts of any size, and verifies their blocks over many reads.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>

#include <distload/base/bytes.hpp>
#include <distload/checkpoint/catalog.hpp>

#include "io/engines/block_verifier.hpp"
#include "io/engines/engine.hpp"

namespace distload {

/// For readers without memory for whole blocks. Keeps only the hash state of unfinished blocks. Used by one thread.
class StreamReader {
 public:
  /// Both outlive the object. The engine is open on `catalog` and not collective.
  StreamReader(Catalog const& catalog, Engine& engine, bool verify)
      : catalog_(&catalog), engine_(&engine), verify_(verify) {}

  /// Reads all requests, which have destinations. With verification, a range begins at a block boundary or where the
  /// last range of the same extent ended.
  /// @throws CorruptData    a block has ended and its XXH3-64 differs, or the file ends early.
  /// @throws IoError        the system reports an error.
  /// @throws InternalError  a range begins elsewhere.
  void read(std::span<ReadRequest const> requests);

 private:
  void verify(ReadRequest const& request);

  Catalog const* catalog_;
  Engine* engine_;
  bool verify_;
  std::map<std::uint32_t, ExtentVerifier> begun_;  ///< by extent; only extents with an unfinished block
};

}  // namespace distload
