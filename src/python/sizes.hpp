/// Sizes: a shape or a position as a tuple of Python.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/vector.h>

#include <distload/tensor/dims.hpp>

namespace distload::python {

/// In stubs: tuple[int, ...].
using Sizes = nanobind::typed<nanobind::tuple, std::uint64_t, nanobind::ellipsis>;

inline Sizes sizes_of(Dims const& dims) {
  return nanobind::borrow<Sizes>(nanobind::tuple(nanobind::cast(std::vector<std::uint64_t>(dims.begin(), dims.end()))));
}

inline Dims dims_of(std::vector<std::uint64_t> const& numbers) { return Dims(std::span<std::uint64_t const>(numbers)); }

}  // namespace distload::python
