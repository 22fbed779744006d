// What is the same in builds with and without CUDA, and the answers of builds without.
#include "device/survey.hpp"

#include <cstddef>

namespace distload {

std::string to_string(DeviceUuid const& uuid) {
  constexpr char const* kDigits = "0123456789abcdef";
  std::string text = "GPU-";
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[uuid[i] >> 4U];
    text += kDigits[uuid[i] & 15U];
  }
  return text;
}

std::string cuda_version_text(int cuda_version) {
  return std::to_string(cuda_version / 1000) + "." + std::to_string(cuda_version % 1000 / 10);
}

#if !defined(DISTLOAD_ENABLE_CUDA)
bool is_built_for_devices() noexcept { return false; }

DeviceSurvey survey_devices() {
  DeviceSurvey survey;
  survey.why_none = "this distload was built without CUDA";
  return survey;
}

std::optional<std::uint32_t> numa_node_of_device(int /*number*/, std::vector<NumaNode> const& /*nodes*/) {
  return std::nullopt;
}

std::optional<std::string> why_device_unusable(int) { return "this distload was built without CUDA"; }

std::optional<Bytes> free_device_bytes(int) { return std::nullopt; }

bool has_peer_access(int, int) { return false; }
#endif

}  // namespace distload
