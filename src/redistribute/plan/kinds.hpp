/// SourceKinds, TargetKinds: who holds which part of a parameter, computed once for equal parameters. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

#include "plan/demand/alike_parameters.hpp"
#include "plan/demand/holders.hpp"
#include "plan/plan_options.hpp"
#include "redistribute/plan/side.hpp"

namespace distload {

/// A rank that holds a part of a parameter.
struct PartHolder {
  std::uint32_t rank = 0;   ///< in the group
  std::uint32_t group = 0;  ///< of the parameter's holders
};

/// A box that each of its holders holds as a whole.
struct SourceSegment {
  Box box;
  std::map<std::uint32_t, Dims> local_offsets;  ///< by group that holds it: position of its first element in the shard
};

/// A parameter's holders on its stages.
struct HeldSegments {
  std::vector<std::vector<PartHolder>> holders;  ///< by segment; ordered by rank
};

struct SourceKind {
  Holders holders;
  std::vector<SourceSegment> segments;
  std::map<std::vector<std::uint32_t>, HeldSegments> by_stages;
};

struct TargetKind {
  Holders holders;
  std::map<std::vector<std::uint32_t>, std::vector<std::vector<std::uint32_t>>> ranks_by_stages;  ///< by group
};

/// The kinds of one side's parameters.
template <class Kind>
class SideKinds {
 public:
  /// `side` and `ranks` outlive the object.
  SideKinds(Side const& side, std::span<std::uint32_t const> ranks)
      : side_(side),
        ranks_(ranks),
        options_(options_of(side)),
        alike_(side.cut.catalog, side.cut.layout, options_),
        kinds_(0, alike_, alike_) {}
  SideKinds(SideKinds const&) = delete;
  SideKinds& operator=(SideKinds const&) = delete;
  ~SideKinds() = default;

  /// The reference stays valid as long as the object.
  Kind& of(std::uint32_t parameter) {
    if (known_.empty()) known_.resize(side_.cut.layout.parameters.size());
    auto& known = known_[parameter];
    if (known != nullptr) return *known;
    auto found = kinds_.find(parameter);
    if (found == kinds_.end()) found = kinds_.emplace(parameter, make(parameter)).first;
    return *(known = &found->second);
  }

 protected:
  Side const& side_;
  std::span<std::uint32_t const> ranks_;  ///< of the group, by rank of the topology

 private:
  static PlanOptions options_of(Side const& side) {
    PlanOptions options;
    options.dtype = side.dtype;
    return options;
  }
  Kind make(std::uint32_t parameter) const;

  PlanOptions options_;
  AlikeParameters alike_;
  std::unordered_map<std::uint32_t, Kind, AlikeParameters, AlikeParameters> kinds_;
  std::vector<Kind*> known_;  ///< by parameter, as soon as it has been asked for
};

class SourceKinds : public SideKinds<SourceKind> {
 public:
  using SideKinds::SideKinds;
  /// The holders of each segment of a parameter.
  HeldSegments const& held(std::uint32_t parameter);

 private:
  std::vector<HeldSegments const*> held_;  ///< by parameter, as soon as it has been asked for
};

class TargetKinds : public SideKinds<TargetKind> {
 public:
  using SideKinds::SideKinds;
  /// The ranks of each group of a parameter.
  std::vector<std::vector<std::uint32_t>> const& ranks(std::uint32_t parameter);

 private:
  std::vector<std::vector<std::vector<std::uint32_t>> const*> by_parameter_;  ///< likewise
};

}  // namespace distload
