// Matches ranks and devices by augmenting paths.
#include "device/assign_devices.hpp"

#include <cassert>
#include <map>
#include <set>

namespace distload {
namespace {

using Seen = std::vector<std::vector<DeviceUuid>>;

class Matching {
 public:
  explicit Matching(Seen const& seen) : seen_(seen), number_of_(seen.size(), -1) {}

  /// Gives `rank` a device of its own; ranks before it may change theirs. @returns false if there is none.
  bool add(std::size_t rank) {
    std::set<DeviceUuid> tried;
    return add(rank, tried);
  }

  std::vector<int> const& numbers() const { return number_of_; }

 private:
  bool add(std::size_t rank, std::set<DeviceUuid>& tried) {
    auto const& devices = seen_[rank];
    // Free ones first, so that ranks that see the same get them in order.
    for (std::size_t number = 0; number < devices.size(); ++number) {
      if (user_of_.contains(devices[number])) continue;
      give(rank, number);
      return true;
    }
    for (std::size_t number = 0; number < devices.size(); ++number) {
      if (!tried.insert(devices[number]).second || !add(user_of_.at(devices[number]), tried)) continue;
      give(rank, number);
      return true;
    }
    return false;
  }

  void give(std::size_t rank, std::size_t number) {
    user_of_[seen_[rank][number]] = rank;
    number_of_[rank] = static_cast<int>(number);
  }

  Seen const& seen_;
  std::map<DeviceUuid, std::size_t> user_of_;
  std::vector<int> number_of_;
};

std::string refusal_text(Seen const& seen) {
  std::set<DeviceUuid> devices;
  for (auto const& of_rank : seen) devices.insert(of_rank.begin(), of_rank.end());
  auto const ranks = std::to_string(seen.size()) + " ranks";
  auto text = ranks + " on this node see " + std::to_string(devices.size()) +
              (devices.size() == 1 ? " CUDA device" : " CUDA devices");
  if (devices.size() >= seen.size()) {
    return text +
           ", but some of them see only devices that others need: let every rank see all devices, or one of its own "
           "(CUDA_VISIBLE_DEVICES)";
  }
  return text + ", and every rank needs its own: start at most " + std::to_string(devices.size()) +
         " on a node, or set topology.share_device: true";
}

/// Gives `rank` the device that it sees with the fewest users.
int shared_device(std::vector<DeviceUuid> const& seen, std::map<DeviceUuid, std::size_t> const& users) {
  std::size_t best = 0;
  for (std::size_t number = 1; number < seen.size(); ++number) {
    if (users.at(seen[number]) < users.at(seen[best])) best = number;
  }
  return static_cast<int>(best);
}

}  // namespace

DeviceAssignment assign_devices(Seen const& seen, bool may_share) {
  Matching matching(seen);
  std::vector<std::size_t> left_over;
  for (std::size_t rank = 0; rank < seen.size(); ++rank) {
    assert(!seen[rank].empty());
    if (!matching.add(rank)) left_over.push_back(rank);
  }
  DeviceAssignment result;
  if (left_over.empty() || may_share) {
    result.numbers = matching.numbers();
    result.is_shared = !left_over.empty();
  } else {
    result.refusal = refusal_text(seen);
    return result;
  }
  std::map<DeviceUuid, std::size_t> users;
  for (std::size_t rank = 0; rank < seen.size(); ++rank) {
    for (auto const& device : seen[rank]) users.try_emplace(device, 0);
    auto const number = result.numbers[rank];
    if (number >= 0) ++users[seen[rank][static_cast<std::size_t>(number)]];
  }
  for (auto const rank : left_over) {
    result.numbers[rank] = shared_device(seen[rank], users);
    ++users[seen[rank][static_cast<std::size_t>(result.numbers[rank])]];
  }
  return result;
}

}  // namespace distload
