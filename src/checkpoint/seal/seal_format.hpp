/// Constants shared by the sidecar's writer and reader.
#pragma once

#include <cstdint>
#include <string_view>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

inline constexpr std::string_view kSealFormat = "distload-checksums";
inline constexpr std::uint64_t kSealVersion = 1;
inline constexpr Bytes kSealBlockBytes = kBlockBytes;
/// Size limit of the sidecar file: enough for 64 TiB of tensors.
inline constexpr Bytes kMaxSealBytes = 256 * kMiB;

}  // namespace distload
