// The table of element types.
#include <distload/base/dtype.hpp>

#include <array>

namespace distload {
namespace {

struct Entry {
  DType dtype;
  std::string_view name;
  Bytes size_bytes;
  bool floating_point;
  std::uint64_t elements_per_unit = 1;
};

// In the order of the enumerators: a DType is an index into the table.
constexpr std::array<Entry, 23> kEntries{{
    {DType::f64, "F64", 8, true},
    {DType::f32, "F32", 4, true},
    {DType::f16, "F16", 2, true},
    {DType::bf16, "BF16", 2, true},
    {DType::f8_e4m3, "F8_E4M3", 1, true},
    {DType::f8_e5m2, "F8_E5M2", 1, true},
    {DType::f8_e8m0, "F8_E8M0", 1, true},
    {DType::i64, "I64", 8, false},
    {DType::i32, "I32", 4, false},
    {DType::i16, "I16", 2, false},
    {DType::i8, "I8", 1, false},
    {DType::u64, "U64", 8, false},
    {DType::u32, "U32", 4, false},
    {DType::u16, "U16", 2, false},
    {DType::u8, "U8", 1, false},
    {DType::boolean, "BOOL", 1, false},
    {DType::f8_e4m3fnuz, "F8_E4M3FNUZ", 1, true},
    {DType::f8_e5m2fnuz, "F8_E5M2FNUZ", 1, true},
    {DType::c64, "C64", 8, false},
    {DType::c128, "C128", 16, false},
    {DType::f4, "F4", 1, true, 2},
    {DType::f6_e2m3, "F6_E2M3", 3, true, 4},
    {DType::f6_e3m2, "F6_E3M2", 3, true, 4},
}};

constexpr Entry const& entry(DType dtype) { return kEntries[static_cast<std::size_t>(dtype)]; }

}  // namespace

Bytes size_of(DType dtype) noexcept { return entry(dtype).size_bytes; }

std::uint64_t elements_per_unit(DType dtype) noexcept { return entry(dtype).elements_per_unit; }

std::string_view name_of(DType dtype) noexcept { return entry(dtype).name; }

std::optional<DType> parse_dtype(std::string_view name) noexcept {
  for (auto const& candidate : kEntries) {
    if (candidate.name == name) return candidate.dtype;
  }
  return std::nullopt;
}

bool is_floating_point(DType dtype) noexcept { return entry(dtype).floating_point; }

}  // namespace distload
