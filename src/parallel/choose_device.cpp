// Exchanges over the node what its ranks see.
#include "parallel/choose_device.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include <distload/base/error.hpp>

#include "base/system.hpp"
#include "device/assign_devices.hpp"
#include "parallel/all_gathered.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/on_all.hpp"
#if defined(DISTLOAD_ENABLE_CUDA)
#include "parallel/nccl_library.hpp"
#endif

namespace distload {
namespace {

/// More devices than any host has, divided ones included.
constexpr std::size_t kMostDevices = 128;

struct SeenByRank {
  std::size_t count = 0;
  std::array<DeviceUuid, kMostDevices> devices{};
};

/// Collective over `node`.
std::vector<std::vector<DeviceUuid>> seen_on_node(Communicator& node, DeviceSurvey const& survey) {
  SeenByRank own;
  own.count = std::min(survey.devices.size(), kMostDevices);
  for (std::size_t i = 0; i < own.count; ++i) own.devices[i] = survey.devices[i].uuid;
  std::vector<std::vector<DeviceUuid>> seen;
  for (auto const& of_rank : all_gathered(node, own))
    seen.emplace_back(of_rank.devices.begin(), of_rank.devices.begin() + static_cast<std::ptrdiff_t>(of_rank.count));
  return seen;
}

}  // namespace

ChosenDevice assign_device(Communicator& world, Communicator& node, DeviceSurvey const& survey, bool may_share) {
  all_or_throw(world, "device", [&] {
    if (survey.why_none.empty()) return;
    throw CommunicationError(host_name() + ": " + survey.why_none +
                             ", and this distload loads into the memory of CUDA devices (--dry-run and save.stream "
                             "need none)");
  });
  auto const seen = seen_on_node(node, survey);
  auto const assigned = assign_devices(seen, may_share);
  all_or_throw(world, "device", [&] {
    if (!assigned.refusal.empty()) throw CommunicationError(host_name() + ": " + assigned.refusal);
  });
  bool const is_shared = is_on_any(world, assigned.is_shared);
  bool const is_several_nodes = is_on_any(world, node.size() < world.size());
  if (is_shared && is_several_nodes) {
    throw CommunicationError(
        "topology.share_device: ranks can share a device only in a job on one node, because NCCL, which connects "
        "nodes, "
        "needs one device per rank");
  }
  return {assigned.numbers[node.rank()], is_shared};
}

ChosenDevice choose_device(Communicator& world, Communicator& node, bool may_share) {
  auto const chosen = assign_device(world, node, survey_devices(), may_share);
  all_or_throw(world, "device", [&] {
    if (auto const why = why_device_unusable(chosen.number)) throw CommunicationError(host_name() + ": " + *why);
#if defined(DISTLOAD_ENABLE_CUDA)
    if (world.size() > 1 && !chosen.is_shared) nccl();
#endif
  });
  return chosen;
}

}  // namespace distload
