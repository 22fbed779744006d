// Every device is tried in turn, which creates its context.
#include "show_devices.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <distload/base/error.hpp>

#include "base/standard_streams.hpp"
#include "base/system.hpp"
#include "base/table.hpp"
#include "base/text.hpp"
#include "device/survey.hpp"
#if defined(DISTLOAD_ENABLE_CUDA)
#include "parallel/nccl_library.hpp"
#endif

namespace distload {
namespace {

void print_versions(DeviceSurvey const& survey) {
  auto const version = [](int code) { return code == 0 ? std::string("none") : cuda_version_text(code); };
  Table table;
  table.add({"CUDA", is_built_for_devices() ? version(survey.runtime) : "not built in"});
  if (is_built_for_devices()) {
    table.add({"driver", survey.driver == 0 ? "none" : "for CUDA " + version(survey.driver)});
#if defined(DISTLOAD_ENABLE_CUDA)
    table.add({"NCCL", describe_nccl()});
#endif
  }
  print(table.text());
}

/// The device of each row, the peer of each column.
void print_peer_access(std::vector<DeviceFacts> const& devices) {
  if (devices.size() < 2) return;
  Table table;
  std::vector<std::string> head{"peer access"};
  for (auto const& peer : devices) head.push_back(std::to_string(peer.number));
  table.add(head);
  for (auto const& device : devices) {
    std::vector<std::string> row{std::to_string(device.number)};
    for (auto const& peer : devices) {
      row.emplace_back(peer.number == device.number ? "-" : has_peer_access(device.number, peer.number) ? "yes" : "no");
    }
    table.add(row);
  }
  print("\n" + table.text());
}

}  // namespace

void show_devices() {
  auto const survey = survey_devices();
  print_versions(survey);
  if (!survey.why_none.empty()) throw CommunicationError(host_name() + ": " + survey.why_none);
  Table table;
  table.add({"device", "name", "capability", "free", "total", "NUMA node", "PCI bus", "UUID", "usable"});
  bool is_any_usable = false;
  for (auto const& device : survey.devices) {
    auto const why = why_device_unusable(device.number);
    auto const free = why ? std::nullopt : free_device_bytes(device.number);
    is_any_usable = is_any_usable || !why;
    table.add({std::to_string(device.number), device.name,
               std::to_string(device.capability / 10) + "." + std::to_string(device.capability % 10),
               free ? format_bytes(*free) : "-", format_bytes(device.total_bytes),
               device.numa_node ? std::to_string(*device.numa_node) : "-", device.pci_bus_id, to_string(device.uuid),
               why.value_or("yes")});
  }
  print("\n" + table.text());
  print_peer_access(survey.devices);
  if (!is_any_usable) throw CommunicationError(host_name() + ": this distload can use no device of this host");
}

}  // namespace distload
