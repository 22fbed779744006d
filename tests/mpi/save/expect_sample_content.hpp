/// Whether a checkpoint has the content of the sample tensors.
#pragma once

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// Expects all of the catalog's extents to hold `sample_bytes`, and its hashes to be theirs.
void expect_sample_content(Catalog const& catalog);

}  // namespace distload
