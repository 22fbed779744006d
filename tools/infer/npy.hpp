/// Files of NumPy arrays (.npy): token ids in, activations out.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace distload {

/// An array in C order.
template <class Number>
struct NpyArray {
  std::vector<std::uint64_t> shape;
  std::vector<Number> numbers;
};

/// Local: reads an array of little-endian int64 ("<i8") or float32 ("<f4"), of format 1, 2 or 3.
/// @throws IoError      the file cannot be read.
/// @throws ConfigError  it is no such array: with the path and what it is.
template <class Number>
NpyArray<Number> read_npy(std::string const& path);

/// Local: writes float32 numbers in C order, atomically.
/// @throws IoError  as write_result_file.
void write_npy(std::string const& path, std::vector<std::uint64_t> const& shape, std::span<float const> numbers);

/// @cond
extern template NpyArray<std::int64_t> read_npy(std::string const& path);
extern template NpyArray<float> read_npy(std::string const& path);
/// @endcond

}  // namespace distload
