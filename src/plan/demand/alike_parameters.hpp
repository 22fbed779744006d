/// AlikeParameters: which parameters are planned alike, as all experts of all layers are.
#pragma once

#include <cstddef>
#include <cstdint>

#include "plan/make_plan.hpp"

namespace distload {

/// Hash and equality of parameters, given by their index, for an unordered map: equal are those with the same shape,
/// types, partition and extents, on equally many stages. Where in the file and on which stages they are may differ.
/// Whatever else of a parameter decides how its pieces are read and placed must be compared here.
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
