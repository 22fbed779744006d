/// DirectEngine: reads with O_DIRECT and io_uring, with many large requests in flight.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/host_memory.hpp"
#include "io/engines/engine.hpp"
#include "io/engines/read_order.hpp"
#include "io/files/caching.hpp"
#include "io/files/input_files.hpp"

namespace distload {

class BlockVerifier;
class IoRing;

/// For files that are not in the page cache and need not be added to it. Not collective: each rank reads independently.
///
/// Parts that are aligned in the file and in memory are read to their destination unless `Buffers` says otherwise;
/// unaligned parts are read to a buffer and copied. Bytes are hashed in order, each step when it and all steps before
/// it are complete.
class DirectEngine final : public Engine {
 public:
  /// Maximum memory used in addition to the destinations.
  static constexpr Bytes kMemoryBytes = 8 * kHugePageBytes;

  /// How the engine uses buffers, which have huge pages: a device gets a segment for every page, and reads half as fast
  /// into small ones.
  struct Buffers {
    /// Read everything through buffers, also what is aligned: for destinations with small pages.
    bool for_all = false;
    Bytes bytes = kMemoryBytes;   ///< of all buffers; a multiple of `each`
    Bytes each = kHugePageBytes;  ///< of one buffer
  };

  /// The catalog outlives the engine. Up to `depth` requests of at most 8 MiB are in flight.
  /// Precondition: the files are opened with `Caching::none`.
  DirectEngine(InputFiles files, std::uint32_t depth, Buffers buffers);
  ~DirectEngine() override;
  DirectEngine(DirectEngine const&) = delete;
  DirectEngine& operator=(DirectEngine const&) = delete;

  /// A rank's share of the requests in flight on a node.
  static std::uint32_t depth_for(std::uint32_t ranks_of_node) noexcept;

  std::string_view name() const noexcept override { return "direct"; }
  bool is_collective() const noexcept override { return false; }
  void read(std::span<ReadRequest const> requests, ReadOptions const& options) override;

 private:
  /// One system request, and the requested bytes in it.
  struct Step {
    Run const* run = nullptr;
    Bytes begin = 0;                   ///< in the run
    Bytes nbytes = 0;                  ///< requested
    Bytes skipped = 0;                 ///< bytes before the requested ones, for alignment
    Bytes offset = 0;                  ///< of the system request in the file
    std::span<std::byte> destination;  ///< of the system request: the run's, or a buffer
    bool is_buffered = false;
    Bytes arrived = 0;       ///< bytes of the system request read so far
    std::int32_t error = 0;  ///< errno value
    bool is_done = false;
  };

  void open_files(ReadOrder const& order);
  void read_all(ReadOrder const& order, ReadOptions const& options);
  /// The step that begins at `begin` of a run; without a destination if it needs a buffer.
  Step step_at(Run const& run, Bytes begin) const;
  std::byte* buffer(std::uint64_t number);
  /// Submits the part of a step that has not arrived.
  void submit(Step const& step, std::uint64_t number);
  /// Waits until a read of any of `steps` completes; `first` is the number of the first step.
  void wait(std::deque<Step>& steps, std::uint64_t first);
  /// Copies, verifies and reports a completed step.
  void retire(Step const& step, ReadOrder const& order, ReadOptions const& options, BlockVerifier& verifier) const;

  Catalog const* catalog_;
  std::uint32_t depth_;
  Buffers use_;
  InputFiles files_;
  std::vector<std::optional<DirectAlignment>> alignments_;  ///< by file number in the catalog; set for open files
  HostMemory buffers_;  ///< allocated when first needed; must outlive the ring, which fills them
  std::unique_ptr<IoRing> ring_;
};

/// Why DirectEngine cannot read the catalog's files on this machine; nothing if it can.
std::optional<std::string> why_not_direct(Catalog const& catalog);

}  // namespace distload
