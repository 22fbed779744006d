// Counter-based random words with exponents of small numbers.
#include "synth/content.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include <distload/base/error.hpp>

#include "base/hash.hpp"

namespace distload::synth {
namespace {

struct Bits {
  std::uint64_t keep;  ///< mask of random bits: sign, the lower two bits of the exponent, mantissa
  std::uint64_t set;   ///< the rest of the exponent: that of 2^-7
};

Bits bits_of(DType dtype) {
  switch (dtype) {
    case DType::bf16: return {0x81FF'81FF'81FF'81FF, 0x3C00'3C00'3C00'3C00};
    case DType::f16: return {0x8FFF'8FFF'8FFF'8FFF, 0x2000'2000'2000'2000};
    case DType::f32: return {0x81FF'FFFF'81FF'FFFF, 0x3C00'0000'3C00'0000};
    case DType::f64: return {0x803F'FFFF'FFFF'FFFF, 0x3F80'0000'0000'0000};
    // Sign, the lower two bits of the exponent, and the mantissa; neither infinite nor NaN.
    case DType::f8_e4m3:
    case DType::f8_e4m3fnuz: return {0x9F9F'9F9F'9F9F'9F9F, 0x2020'2020'2020'2020};
    case DType::f8_e5m2:
    case DType::f8_e5m2fnuz: return {0x8F8F'8F8F'8F8F'8F8F, 0x3030'3030'3030'3030};
    // 2^-7 to 2^-4.
    case DType::f8_e8m0: return {0x0303'0303'0303'0303, 0x7878'7878'7878'7878};
    case DType::boolean: return {0x0101'0101'0101'0101, 0};
    case DType::i64:
    case DType::i32:
    case DType::i16:
    case DType::i8:
    case DType::u64:
    case DType::u32:
    case DType::u16:
    case DType::u8:
    case DType::f4:
    case DType::f6_e2m3:
    case DType::f6_e3m2: return {~std::uint64_t{0}, 0};
    default: throw InternalError("no content for elements of type " + std::string(name_of(dtype)));
  }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
constexpr std::uint64_t mix(std::uint64_t value) noexcept {
  value = (value ^ (value >> 30U)) * 0xBF58'476D'1CE4'E5B9;
  value = (value ^ (value >> 27U)) * 0x94D0'49BB'1331'11EB;
  return value ^ (value >> 31U);
}

constexpr std::uint64_t kStep = 0x9E37'79B9'7F4A'7C15;  ///< SplitMix64's

}  // namespace

Content::Content(std::string_view tensor, std::uint64_t seed, DType dtype, TensorNumbers const& numbers)
    : key_(mix(xxh3_64(std::as_bytes(std::span(tensor))) + mix(seed))),
      keep_(bits_of(dtype).keep),
      set_(bits_of(dtype).set),
      element_bytes_(size_of(dtype)),
      numbers_(numbers) {
  if (numbers.kind != TensorNumbers::Kind::any && element_bytes_ != 4 && element_bytes_ != 8) {
    throw InternalError("no such numbers of type " + std::string(name_of(dtype)));
  }
}

std::uint64_t Content::word(std::uint64_t index) const noexcept {
  if (numbers_.kind == TensorNumbers::Kind::any) return (mix(key_ + index * kStep) & keep_) | set_;
  auto const number = [this](std::uint64_t element) {
    if (numbers_.kind == TensorNumbers::Kind::groups) return element / std::max<std::uint64_t>(numbers_.values[0], 1);
    return numbers_.values.at(std::min<std::uint64_t>(element, numbers_.values.size() - 1));
  };
  if (element_bytes_ == sizeof index) return number(index);
  return number(2 * index) | number(2 * index + 1) << 32U;
}

void Content::fill(Bytes offset_bytes, std::span<std::byte> bytes) const noexcept {
  if (bytes.empty()) return;
  auto index = offset_bytes / sizeof(std::uint64_t);
  auto const copy_part = [&](Bytes skip) {
    auto const value = word(index++);
    auto const count = std::min<std::size_t>(sizeof value - skip, bytes.size());
    std::memcpy(bytes.data(), reinterpret_cast<std::byte const*>(&value) + skip, count);
    bytes = bytes.subspan(count);
  };
  if (auto const skip = offset_bytes % sizeof(std::uint64_t); skip != 0) copy_part(skip);
  if (numbers_.kind != TensorNumbers::Kind::any) {
    while (!bytes.empty()) copy_part(0);
    return;
  }
  // Copies the members: `bytes` may alias them, and the compiler would load them again for every word.
  auto const keep = keep_;
  auto const set = set_;
  auto counter = key_ + index * kStep;
  for (; bytes.size() >= sizeof counter; bytes = bytes.subspan(sizeof counter), ++index, counter += kStep) {
    auto const value = (mix(counter) & keep) | set;
    std::memcpy(bytes.data(), &value, sizeof value);
  }
  if (!bytes.empty()) copy_part(0);
}

void Content::fill_box(Shape const& shape, Box const& box, std::uint64_t begin, std::span<std::byte> bytes) const {
  for (auto const& part : boxes_of_range(box.extent, begin, begin + bytes.size() / element_bytes_)) {
    auto const run = part.extent.empty() ? 1 : part.extent.back();
    auto const runs = run == 0 ? 0 : volume(part) / run;
    auto position = part.offset;
    for (std::uint64_t number = 0; number < runs; ++number) {
      auto global = position;
      for (std::size_t axis = 0; axis < global.size(); ++axis) global[axis] += box.offset[axis];
      fill(linear_index(shape, global) * element_bytes_, bytes.first(run * element_bytes_));
      bytes = bytes.subspan(run * element_bytes_);
      // Move to the next row: increment the index of the last axis but one, with carries.
      for (auto behind = position.size(); behind-- > 1;) {
        auto const axis = behind - 1;
        if (++position[axis] < part.offset[axis] + part.extent[axis]) break;
        position[axis] = part.offset[axis];
      }
    }
  }
}

}  // namespace distload::synth
