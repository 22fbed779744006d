/// ReleasedPages: gives pages of a model's memory back to the system as soon as nothing in them is needed.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <vector>

#include <distload/base/bytes.hpp>

#include "load/arena.hpp"
#include "plan/demand/segments.hpp"

namespace distload {

/// The arenas' pages can be dropped.
class ReleasedPages {
 public:
  /// `arenas` outlive the object.
  explicit ReleasedPages(std::span<std::shared_ptr<Arena> const> arenas) : arenas_(arenas) {}

  /// Nothing needs the bytes of `ranges`, whose offsets count through the arenas.
  void add(std::span<ByteRange const> ranges);

 private:
  void add(ByteRange range);

  std::span<std::shared_ptr<Arena> const> arenas_;
  std::map<Bytes, Bytes> free_;  ///< end by begin; disjoint, not adjacent
};

}  // namespace distload
