/// Outputs of layers on the host, and their comparison.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <distload/infer/parallel_model.hpp>

namespace distload {

/// An output of a layer, on the host.
struct HostOutput {
  std::string name;
  std::uint64_t width = 0;     ///< numbers of a token
  std::vector<float> numbers;  ///< [batch * tokens, width]
  std::vector<std::string> parameters;
  std::vector<std::uint32_t> ranks;  ///< of the job, that computed it
};

/// Collects outputs as they are computed.
class OutputCollector {
 public:
  /// @param ranks      that compute them
  /// @param keeps_all  false: only the last output is kept, and those with numbers that are not finite
  OutputCollector(std::vector<std::uint32_t> ranks, bool keeps_all) : ranks_(std::move(ranks)), keeps_all_(keeps_all) {}

  OutputSink sink();
  std::vector<HostOutput> const& outputs() const noexcept { return outputs_; }

 private:
  std::vector<std::uint32_t> ranks_;
  bool keeps_all_;
  std::vector<HostOutput> outputs_;
};

/// Collective over `world`: the outputs of all ranks, in rank order, on rank 0.
std::vector<HostOutput> gather_outputs_of(Communicator& world, std::vector<HostOutput> const& outputs);

/// How two arrays differ.
struct Difference {
  bool same_bits = true;
  double largest = 0;    ///< infinite if one is NaN where the other is not, or sizes differ
  double magnitude = 0;  ///< the largest finite number of the reference
  bool same_size = true;
};

Difference difference_of(std::span<float const> found, std::span<float const> reference);

/// @throws CorruptData  an output has numbers that are NaN or infinite: names the first one, and how many.
void check_finite(std::vector<HostOutput> const& outputs);

/// The share of tokens whose largest number is at the same place.
double equal_largest(std::span<float const> found, std::span<float const> reference, std::uint64_t width);

/// What a comparison has found.
struct Comparison {
  /// The first output that differs by more than is allowed.
  struct First {
    HostOutput const* output = nullptr;
    Difference difference;
  };
  std::string reference;  ///< what it was compared with
  std::string last;       ///< name of the last output that was compared: usually "logits"
  Difference of_last;     ///< of it
  double top1_equal = 1;  ///< of it
  bool same_bits = true;  ///< of all outputs
  std::uint64_t compared = 0;
  std::optional<First> first;
};

/// Compares outputs one after the other.
class Comparer {
 public:
  /// @param tolerance  relative to the magnitude of the reference; nothing: bits must be equal
  Comparer(std::vector<HostOutput> const& found, std::string reference, std::optional<double> tolerance);

  /// Compares the output of that name; does nothing if it was not computed.
  void compare(std::string const& name, std::span<float const> reference);
  Comparison const& result() const noexcept { return result_; }

 private:
  std::vector<HostOutput> const* found_;
  std::optional<double> tolerance_;
  Comparison result_;
};

}  // namespace distload
