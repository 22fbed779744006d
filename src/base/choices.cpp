// The names of the choices, in the order of the enumerators.
#include <distload/base/choices.hpp>

#include <array>

namespace distload {
namespace {

constexpr std::array<std::string_view, 5> kReadEngines{"auto", "collective", "buffered", "direct", "mmap"};
constexpr std::array<std::string_view, 3> kWriteEngines{"auto", "direct", "collective"};
constexpr std::array<std::string_view, 2> kUnevenCuts{"error", "allow"};
constexpr std::array<std::string_view, 3> kTolerances{"error", "warn", "ignore"};
constexpr std::array<std::string_view, 4> kHugePageKinds{"auto", "transparent", "off", "reserved"};
constexpr std::array<std::string_view, 2> kSourceFormats{"hdf5", "safetensors"};
constexpr std::array<std::string_view, 3> kVerifyAfterWrite{"none", "index", "full"};
constexpr std::array<std::string_view, 5> kProgressModes{"auto", "bar", "line", "json", "none"};
constexpr std::array<std::string_view, 3> kNumaBindings{"auto", "numa", "none"};

}  // namespace

template <>
std::span<std::string_view const> words_of<ReadEngine>() noexcept {
  return kReadEngines;
}
template <>
std::span<std::string_view const> words_of<WriteEngine>() noexcept {
  return kWriteEngines;
}
template <>
std::span<std::string_view const> words_of<UnevenCuts>() noexcept {
  return kUnevenCuts;
}
template <>
std::span<std::string_view const> words_of<Tolerance>() noexcept {
  return kTolerances;
}
template <>
std::span<std::string_view const> words_of<HugePageKind>() noexcept {
  return kHugePageKinds;
}
template <>
std::span<std::string_view const> words_of<SourceFormat>() noexcept {
  return kSourceFormats;
}
template <>
std::span<std::string_view const> words_of<VerifyAfterWrite>() noexcept {
  return kVerifyAfterWrite;
}
template <>
std::span<std::string_view const> words_of<ProgressMode>() noexcept {
  return kProgressModes;
}
template <>
std::span<std::string_view const> words_of<NumaBinding>() noexcept {
  return kNumaBindings;
}

}  // namespace distload
