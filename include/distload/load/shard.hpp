/// shard, unshard: cut a tensor in memory by a Partition, and join the parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <type_traits>
#include <vector>

#include <Kokkos_Core.hpp>

#include <distload/base/bytes.hpp>
#include <distload/partition/partition.hpp>
#include <distload/tensor/box.hpp>

namespace distload {
namespace detail {

/// Who can reach the bytes: host code, or kernels of the default execution space.
enum class Reach : std::uint8_t { host, kernels };

/// @throws ConfigError  the partition cannot cut a tensor of that shape for so many ranks.
Shape checked_shard_shape(Partition const& partition, Shape const& shape, std::uint32_t tensor_rank,
                          std::uint32_t tensor_parallel);

/// @throws ConfigError  there are none, or one has another shape than its rank's shard of such a tensor.
void check_shards(Partition const& partition, Shape const& shape, std::span<Shape const> shards);

/// Copies a rank's pieces of a row-major tensor to a row-major shard, and is done when it returns. What no piece covers
/// is left as it is. The partition has been checked.
void copy_to_shard(Partition const& partition, Shape const& shape, std::uint32_t tensor_rank,
                   std::uint32_t tensor_parallel, Bytes element_bytes, std::byte const* tensor, std::byte* shard,
                   Reach reach);

/// The reverse, of all ranks' shards.
void copy_from_shards(Partition const& partition, Shape const& shape, Bytes element_bytes,
                      std::span<std::byte const* const> shards, std::byte* tensor, Reach reach);

template <class T, std::size_t Rank>
struct DynamicData {
  using type = typename DynamicData<T, Rank - 1>::type*;
};
template <class T>
struct DynamicData<T, 0> {
  using type = T;
};

/// A view of its own, row-major, of the same number of axes.
template <class View>
using RowMajor = Kokkos::View<typename DynamicData<typename View::non_const_value_type, View::rank()>::type,
                              Kokkos::LayoutRight, typename View::memory_space>;

template <class View>
constexpr Reach reach_of() {
  static_assert(std::is_trivially_copyable_v<typename View::value_type>, "elements are copied as bytes");
  using Space = typename View::memory_space;
  if constexpr (Kokkos::SpaceAccessibility<Kokkos::DefaultExecutionSpace, Space>::accessible) {
    return Reach::kernels;
  } else {
    static_assert(Kokkos::SpaceAccessibility<Kokkos::HostSpace, Space>::accessible,
                  "the view's memory is accessible neither to the host nor to kernels");
    return Reach::host;
  }
}

template <class View>
Shape shape_of(View const& view) {
  Shape shape;
  for (std::size_t axis = 0; axis < View::rank(); ++axis) shape.push_back(view.extent(axis));
  return shape;
}

inline Kokkos::LayoutRight layout_of(Shape const& shape) {
  Kokkos::LayoutRight layout;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) layout.dimension[axis] = shape[axis];
  return layout;
}

/// `view` itself if its elements lie row-major without gaps, otherwise a copy of which that is true.
template <class View>
Kokkos::View<typename RowMajor<View>::const_data_type, Kokkos::LayoutRight, typename View::memory_space> row_major(
    View const& view) {
  if constexpr (std::is_same_v<typename View::array_layout, Kokkos::LayoutRight>) {
    if (view.span_is_contiguous()) return view;
  }
  RowMajor<View> const copy(Kokkos::view_alloc(Kokkos::WithoutInitializing, "distload::row_major"),
                            layout_of(shape_of(view)));
  Kokkos::deep_copy(copy, view);
  return copy;
}

template <class View>
std::byte const* bytes_of(View const& view) {
  return reinterpret_cast<std::byte const*>(view.data());
}

}  // namespace detail

/// Local: the part of `tensor` that `tensor_rank` of `tensor_parallel` ranks holds, as a new row-major view in the same
/// memory space. Padding is zero. `tensor` may have any layout; one that is not row-major costs one more copy. The copy
/// is complete when the function returns.
/// @throws ConfigError  `partition` cannot cut a tensor of that shape for so many ranks.
template <class View>
detail::RowMajor<View> shard(View const& tensor, Partition const& partition, std::uint32_t tensor_rank,
                             std::uint32_t tensor_parallel) {
  auto const shape = detail::shape_of(tensor);
  auto const local = detail::checked_shard_shape(partition, shape, tensor_rank, tensor_parallel);
  detail::RowMajor<View> const result("distload::shard", detail::layout_of(local));
  auto const source = detail::row_major(tensor);
  detail::copy_to_shard(partition, shape, tensor_rank, tensor_parallel, sizeof(typename View::value_type),
                        detail::bytes_of(source), reinterpret_cast<std::byte*>(result.data()),
                        detail::reach_of<View>());
  return result;
}

/// Local: the tensor of global shape `shape` that `shards` were cut from, without padding. `shards` are the views of
/// all tensor-parallel ranks, in rank order. Otherwise as `shard`.
/// @throws ConfigError  `partition` cannot cut a tensor of that shape for so many ranks, or a shard has another shape
///                      than it then has.
template <std::ranges::contiguous_range Shards>
auto unshard(Shards const& shards, Partition const& partition, Shape const& shape) {
  using View = std::ranges::range_value_t<Shards>;
  std::vector<Shape> shapes;
  shapes.reserve(std::ranges::size(shards));
  for (auto const& view : shards) shapes.push_back(detail::shape_of(view));
  detail::check_shards(partition, shape, shapes);
  std::vector<decltype(detail::row_major(*std::ranges::begin(shards)))> sources;
  std::vector<std::byte const*> bytes;
  sources.reserve(shapes.size());
  bytes.reserve(shapes.size());
  for (auto const& view : shards) {
    sources.push_back(detail::row_major(view));
    bytes.push_back(detail::bytes_of(sources.back()));
  }
  detail::RowMajor<View> const result(Kokkos::view_alloc(Kokkos::WithoutInitializing, "distload::unshard"),
                                      detail::layout_of(shape));
  detail::copy_from_shards(partition, shape, sizeof(typename View::value_type), bytes,
                           reinterpret_cast<std::byte*>(result.data()), detail::reach_of<View>());
  return result;
}

}  // namespace distload
