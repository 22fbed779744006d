// Chooses NCCL or MPI.
#include "parallel/device_messages.hpp"

#include <cstdlib>
#include <utility>

#include <distload/base/error.hpp>

#include "device/survey.hpp"
#include "parallel/nccl_library.hpp"
#if defined(DISTLOAD_ENABLE_CUDA)
#include "parallel/choose_device.hpp"
#endif
#if defined(DISTLOAD_WITH_NCCL)
#include "parallel/nccl_communicator.hpp"
#endif

namespace distload {
namespace {

#if defined(DISTLOAD_WITH_NCCL)
/// True if NCCL connects the ranks, or a double of it those of an emulated device.
bool is_connected_by_nccl(Device const& device) {
  return is_built_for_devices() || (!device.is_host() && std::getenv(kNcclLibraryVariable) != nullptr);
}
#endif

}  // namespace

DeviceMessages::DeviceMessages(Communicator& ranks, Communicator& node, Options options)
    : ranks_(ranks), node_(node), options_(std::move(options)) {}

DeviceMessages::~DeviceMessages() = default;

void DeviceMessages::check_devices() {
#if defined(DISTLOAD_ENABLE_CUDA)
  auto survey = survey_devices();
  // The device that Kokkos was initialised with holds shards and runs kernels.
  std::erase_if(survey.devices, [](auto const& facts) { return facts.number != Kokkos::Cuda().cuda_device(); });
  auto const chosen = assign_device(ranks_, node_, survey, options_.may_share);
  if (chosen.is_shared && std::getenv(kNcclLibraryVariable) == nullptr) {
    throw CommunicationError("ranks that share a device cannot send messages, because NCCL needs a device for each" +
                             options_.how_to_share);
  }
#endif
}

void DeviceMessages::connect() {
  if (is_connected_) return;
  check_devices();
#if defined(DISTLOAD_WITH_NCCL)
  if (auto& device = device_of_process(); is_connected_by_nccl(device)) {
    auto nccl = std::make_unique<NcclCommunicator>(
        ranks_, NcclCommunicator::Options{.device = &device, .timeout = options_.timeout});
    nccl_in_streams_ = nccl.get();
    nccl_ = std::move(nccl);
  }
#endif
  is_connected_ = true;
}

Communicator& DeviceMessages::of_thread() {
  connect();
  return nccl_ ? *nccl_ : ranks_;
}

StreamMessages& DeviceMessages::of_streams() {
  connect();
  if (nccl_in_streams_ != nullptr) return *nccl_in_streams_;
  if (!host_in_streams_) {
    // A stream of an emulated device exchanges messages while this thread uses `ranks`.
    if (!device_of_process().is_host()) stream_ranks_ = ranks_.split(0, ranks_.rank());
    host_in_streams_ = std::make_unique<HostStreamMessages>(stream_ranks_ ? *stream_ranks_ : ranks_);
  }
  return *host_in_streams_;
}

}  // namespace distload
