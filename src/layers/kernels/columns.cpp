// One thread for each row, or for each head of a row.
#include "layers/kernels/columns.hpp"

namespace distload {
namespace {

using ColumnPolicy = Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace>;

}  // namespace

void copy_columns(ConstActivations const& from, std::uint64_t first, Activations const& to) {
  copy_of_heads(from, {1, 0, first}, to, {1, 0, 0}, to.extent(1));
}

void copy_of_heads(ConstActivations const& from, HeadColumns const& from_columns, Activations const& to,
                   HeadColumns const& to_columns, std::uint64_t width) {
  auto const heads = to_columns.heads;
  Kokkos::parallel_for(
      "distload::copy_of_heads", ColumnPolicy(0, to.extent(0) * heads), KOKKOS_LAMBDA(std::size_t index) {
        auto const row = index / heads;
        auto const head = index % heads;
        for (std::uint64_t i = 0; i < width; ++i) {
          to(row, head * to_columns.stride + to_columns.first + i) =
              from(row, head * from_columns.stride + from_columns.first + i);
        }
      });
}

void take_rows(ConstActivations const& from, RowTable const& rows, Activations const& to) {
  auto const width = to.extent(1);
  Kokkos::parallel_for(
      "distload::take_rows", ColumnPolicy(0, rows.extent(0)), KOKKOS_LAMBDA(std::size_t row) {
        for (std::uint64_t i = 0; i < width; ++i) to(row, i) = from(rows(row), i);
      });
}

void put_rows(ConstActivations const& from, RowTable const& rows, Activations const& to) {
  auto const width = to.extent(1);
  Kokkos::parallel_for(
      "distload::put_rows", ColumnPolicy(0, rows.extent(0)), KOKKOS_LAMBDA(std::size_t row) {
        for (std::uint64_t i = 0; i < width; ++i) to(rows(row), i) = from(row, i);
      });
}

}  // namespace distload
