/// PythonCommunicator: a group of ranks that an object of Python communicates for, e.g. over torch.distributed.
#pragma once

#include <memory>

#include <nanobind/nanobind.h>

#include <distload/parallel/communicator.hpp>

namespace distload::python {

/// The object has the members of `distload._torch_ranks.TorchRanks`: `rank`, `size`, `close`, and one function for each
/// of ours, which get memoryviews of bytes. Exceptions that they raise become CommunicationError.
class PythonCommunicator final : public Communicator {
 public:
  /// Holding the interpreter's lock.
  explicit PythonCommunicator(nanobind::object ranks);
  ~PythonCommunicator() override;
  PythonCommunicator(PythonCommunicator const&) = delete;
  PythonCommunicator& operator=(PythonCommunicator const&) = delete;

  std::uint32_t rank() const noexcept override { return rank_; }
  std::uint32_t size() const noexcept override { return size_; }
  bool serves_device_memory() const noexcept override { return false; }

  void broadcast(std::span<std::byte> bytes, std::uint32_t root) override;
  void all_gather(std::span<std::byte const> sent, std::span<std::byte> received) override;
  void all_reduce(std::span<std::uint64_t> values, Reduction reduction) override;
  void all_reduce(std::span<double> values, Reduction reduction) override;
  void all_reduce(std::span<float> values, Reduction reduction) override;
  void exchange(std::span<Send const> sends, std::span<Receive const> receives) override;
  void barrier() override;
  std::unique_ptr<Communicator> split(std::uint32_t color, std::uint32_t key) override;

  /// Collective: the ranks on this rank's host, ordered by rank.
  std::unique_ptr<Communicator> split_by_node();

 private:
  template <class T>
  void all_reduce_typed(std::span<T> values, Reduction reduction);

  nanobind::object ranks_;
  std::uint32_t rank_;
  std::uint32_t size_;
};

}  // namespace distload::python
