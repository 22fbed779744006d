// Compares two tensors range by range.
#include "io/files/same_bytes.hpp"

#include <algorithm>
#include <cassert>
#include <map>
#include <span>
#include <vector>

#include <distload/base/error.hpp>
#include <distload/tensor/box.hpp>

#include "io/files/input_file.hpp"

namespace distload {
namespace {

/// Bytes compared in one step; the parts take turns, so that a difference near the beginning is found early by some
/// part.
constexpr Bytes kStepBytes = 4 * kMiB;

/// Bytes that are contiguous in both tensors.
struct Stretch {
  Extent const* a = nullptr;
  Bytes a_begin = 0;  ///< in the extent
  Extent const* b = nullptr;
  Bytes b_begin = 0;
  Bytes nbytes = 0;
};

/// Appends the rows of `common`.
void add_rows(Extent const& a, Extent const& b, Box const& common, Bytes element_bytes, std::vector<Stretch>& out) {
  auto const last = common.extent.size() - 1;
  auto const row_bytes = common.extent[last] * element_bytes;
  auto const begin_in = [&](Extent const& extent, Dims const& position) {
    auto local = position;
    for (std::size_t axis = 0; axis < local.size(); ++axis) local[axis] -= extent.box.offset[axis];
    return linear_index(extent.box.extent, local) * element_bytes;
  };
  auto const rows = volume(common) / common.extent[last];
  for (std::uint64_t row = 0; row < rows; ++row) {
    auto position = common.offset;
    auto rest = row;
    for (std::size_t axis = last; axis-- > 0;) {
      position[axis] += rest % common.extent[axis];
      rest /= common.extent[axis];
    }
    out.push_back({&a, begin_in(a, position), &b, begin_in(b, position), row_bytes});
  }
}

class Comparison {
 public:
  Comparison(Catalog const& catalog, std::uint32_t part, std::uint32_t parts)
      : catalog_(catalog), part_(part), parts_(parts) {}

  bool same(Stretch const& stretch) {
    for (Bytes done = 0; done < stretch.nbytes; done += kStepBytes) {
      if (step_++ % parts_ != part_) continue;
      auto const nbytes = std::min(kStepBytes, stretch.nbytes - done);
      auto const a = read(*stretch.a, stretch.a_begin + done, nbytes, a_);
      auto const b = read(*stretch.b, stretch.b_begin + done, nbytes, b_);
      if (!std::ranges::equal(a, b)) return false;
    }
    return true;
  }

 private:
  std::span<std::byte const> read(Extent const& extent, Bytes begin, Bytes nbytes, std::vector<std::byte>& buffer) {
    auto const& path = catalog_.files[extent.file].path;
    auto const& file = files_.try_emplace(extent.file, path).first->second;
    buffer.resize(nbytes);
    if (file.read_at(extent.offset_bytes + begin, buffer) != nbytes) {
      throw CorruptData(path + ": ends within " + catalog_.tensors[extent.tensor].name);
    }
    return buffer;
  }

  Catalog const& catalog_;
  std::uint32_t part_;
  std::uint32_t parts_;
  std::uint64_t step_ = 0;  ///< counted over all parts
  std::map<std::uint32_t, InputFile> files_;
  std::vector<std::byte> a_;
  std::vector<std::byte> b_;
};

}  // namespace

bool same_bytes(Catalog const& catalog, TensorInfo const& a, TensorInfo const& b, std::uint32_t part,
                std::uint32_t parts) {
  assert(a.shape == b.shape && a.dtype == b.dtype && part < parts);
  auto const of_a = catalog.extents_of(a);
  auto const of_b = catalog.extents_of(b);
  std::vector<Stretch> stretches;
  if (std::ranges::equal(of_a, of_b, {}, &Extent::box, &Extent::box)) {
    for (std::size_t i = 0; i < of_a.size(); ++i) {
      if (!of_a[i].has_checksums() || !of_b[i].has_checksums()) {
        stretches.push_back({.a = &of_a[i], .b = &of_b[i], .nbytes = of_a[i].nbytes});
      } else if (!std::ranges::equal(catalog.hashes_of(of_a[i]), catalog.hashes_of(of_b[i]))) {
        return false;
      }
    }
  } else {
    for (auto const& in_a : of_a) {
      for (auto const& in_b : of_b) {
        if (auto const common = intersection(in_a.box, in_b.box)) {
          add_rows(in_a, in_b, *common, size_of(a.dtype), stretches);
        }
      }
    }
  }
  Comparison comparison(catalog, part, parts);
  return std::ranges::all_of(stretches, [&](Stretch const& stretch) { return comparison.same(stretch); });
}

}  // namespace distload
