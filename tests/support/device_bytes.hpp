/// DeviceBytes: bytes in the memory of Kokkos' default execution space: GPU memory in a CUDA build.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <Kokkos_Core.hpp>

namespace distload::testing {

class DeviceBytes {
 public:
  /// A copy of the bytes of `elements`.
  template <typename T>
  explicit DeviceBytes(std::vector<T> const& elements)
      : view_(Kokkos::view_alloc(Kokkos::WithoutInitializing, "bytes"), elements.size() * sizeof(T)) {
    auto const bytes = std::as_bytes(std::span(elements));
    Kokkos::deep_copy(view_, OnHost<std::byte const>(bytes.data(), bytes.size()));
  }

  std::byte* data() const { return view_.data(); }

  template <typename T = std::byte>
  std::vector<T> on_host() const {
    std::vector<T> elements(view_.size() / sizeof(T));
    auto const bytes = std::as_writable_bytes(std::span(elements));
    Kokkos::deep_copy(OnHost<std::byte>(bytes.data(), bytes.size()), view_);
    return elements;
  }

 private:
  template <typename Byte>
  using OnHost = Kokkos::View<Byte*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;

  Kokkos::View<std::byte*, Kokkos::DefaultExecutionSpace::memory_space> view_;
};

/// The value of a scalar view.
template <typename View>
typename View::non_const_value_type value_of(View const& view) {
  typename View::non_const_value_type value{};
  Kokkos::deep_copy(value, view);
  return value;
}

}  // namespace distload::testing
