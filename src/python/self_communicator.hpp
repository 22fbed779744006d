/// SelfCommunicator: a group of this process alone, without MPI.
#pragma once

#include <algorithm>
#include <cassert>
#include <memory>

#include <distload/parallel/communicator.hpp>

namespace distload::python {

class SelfCommunicator final : public Communicator {
 public:
  std::uint32_t rank() const noexcept override { return 0; }
  std::uint32_t size() const noexcept override { return 1; }
  bool serves_device_memory() const noexcept override { return false; }

  void broadcast(std::span<std::byte> /*bytes*/, std::uint32_t /*root*/) override {}
  void all_gather(std::span<std::byte const> sent, std::span<std::byte> received) override {
    if (sent.data() != received.data()) std::ranges::copy(sent, received.begin());
  }
  void all_reduce(std::span<std::uint64_t> /*values*/, Reduction /*reduction*/) override {}
  void all_reduce(std::span<double> /*values*/, Reduction /*reduction*/) override {}
  void all_reduce(std::span<float> /*values*/, Reduction /*reduction*/) override {}
  void exchange([[maybe_unused]] std::span<Send const> sends,
                [[maybe_unused]] std::span<Receive const> receives) override {
    assert(sends.empty() && receives.empty());  // messages go to other ranks
  }
  void barrier() override {}
  std::unique_ptr<Communicator> split(std::uint32_t /*color*/, std::uint32_t /*key*/) override {
    return std::make_unique<SelfCommunicator>();
  }
};

}  // namespace distload::python
