/// choose_device: gives every rank of a job its device, or refuses the job before anything is loaded.
#pragma once

#include <distload/parallel/communicator.hpp>

#include "device/survey.hpp"

namespace distload {

struct ChosenDevice {
  int number = 0;          ///< of this rank's device in its process
  bool is_shared = false;  ///< ranks of some node share a device; the same on all ranks
};

/// Collective over `world`: gives every rank one of the devices that it sees, a different one to each rank of a node.
/// @param node       the ranks of `world` on this rank's node
/// @param survey     what this rank sees
/// @param may_share  `topology.share_device`: ranks of a node may have the same device; the job must be on one node
/// then
/// @throws CommunicationError  a rank sees no device; the devices do not suffice. On all ranks, naming the host.
ChosenDevice assign_device(Communicator& world, Communicator& node, DeviceSurvey const& survey, bool may_share);

/// Collective over `world`: likewise, with what survey_devices finds; makes the device current, and checks that this
/// build can compute on it. If ranks do not share devices and are more than one, NCCL must be there as well.
/// @throws CommunicationError  likewise, or the device cannot be used, or there is no NCCL. On all ranks.
ChosenDevice choose_device(Communicator& world, Communicator& node, bool may_share);

}  // namespace distload
