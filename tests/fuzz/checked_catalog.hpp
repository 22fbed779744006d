/// What every catalog keeps that has been validated.
#pragma once

#include <distload/checkpoint/catalog.hpp>

namespace distload::fuzz {

bool same_tensor(TensorInfo const& a, TensorInfo const& b);
bool same_extent(Extent const& a, Extent const& b);

/// Looks everything up that a user of the catalog looks up, and sends it to itself as one rank to another.
void expect_usable(Catalog const& catalog);

}  // namespace distload::fuzz
