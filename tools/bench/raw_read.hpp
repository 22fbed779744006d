/// raw_read: the bytes of a plan read with bare pread, the limit that a load is measured against.
#pragma once

#include <vector>

#include <distload/checkpoint/catalog.hpp>
#include <distload/plan/load_plan.hpp>

#include "io/input_file.hpp"

namespace distload {

/// Opens the catalog's files beforehand: as a load's engine has them open while it reads.
class RawReader {
 public:
  explicit RawReader(Catalog const& catalog);

  /// Local: reads this rank's ranges of `plan`, one pread each, into fresh memory of the kind that a load uses, which
  /// is taken and given back here. Nothing is verified, exchanged or placed.
  /// @throws IoError, CorruptData  as an engine.
  void read(LoadPlan const& plan) const;

 private:
  Catalog const* catalog_;
  std::vector<InputFile> files_;
};

}  // namespace distload
