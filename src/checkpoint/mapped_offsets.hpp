/// mapped_offsets: the files of a checkpoint in one range of addresses.
#pragma once

#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// Where each file begins when all are mapped one after the other into one range of addresses, and at the end the bytes
/// of that range. All are multiples of any system's page size.
std::vector<Bytes> mapped_offsets(Catalog const& catalog);

}  // namespace distload
