/// AlikeParameters: compares parameters; equal ones are planned equally, e.g. all experts of all layers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "plan/make_plan.hpp"

namespace distload {

/// Hash and equality of parameters, given by their index, for an unordered map. Parameters are equal if they have the
/// same shape, types, partition and extents, and the same number of stages. Their file offsets and stages may differ.
/// Everything else on which the reads and copies of a parameter depend must be compared here.
class AlikeParameters {
 public:
  /// The arguments outlive the object.
  AlikeParameters(Catalog const& catalog, ModelLayout const& layout, PlanOptions const& options)
      : catalog_(&catalog), layout_(&layout), options_(&options) {}

  std::size_t operator()(std::uint32_t parameter) const noexcept;
  bool operator()(std::uint32_t a, std::uint32_t b) const noexcept;

 private:
  Catalog const* catalog_;
  ModelLayout const* layout_;
  PlanOptions const* options_;
};

}  // namespace distload
