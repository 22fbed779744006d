/// DirectEngine: reads past the page cache, many large requests at a time, by io_uring.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/huge_pages.hpp"
#include "io/engines/engine.hpp"
#include "io/engines/read_order.hpp"
#include "io/files/caching.hpp"
#include "io/files/input_files.hpp"

namespace distload {

class BlockVerifier;
class IoRing;

/// For files that are not in the page cache, and need not get there. Not collective: each rank reads for itself.
///
/// What is aligned in the file and in memory arrives where it is wanted; the edges, and what lies askew, arrive in a
/// buffer and are copied. Bytes are hashed as soon as those before them have come.
class DirectEngine final : public Engine {
 public:
  /// The catalog outlives the engine. `depth` requests are under way at a time, of up to 8 MiB each.
  /// Precondition: the files are for `Caching::none`.
  DirectEngine(InputFiles files, std::uint32_t depth);
  ~DirectEngine() override;
  DirectEngine(DirectEngine const&) = delete;
  DirectEngine& operator=(DirectEngine const&) = delete;

  /// Memory that it takes, at most, besides what it reads into.
  static constexpr Bytes kMemoryBytes = 4 * kHugePageBytes;

  /// A rank's share of the requests that a node has under way.
  static std::uint32_t depth_for(std::uint32_t ranks_of_node) noexcept;

  std::string_view name() const noexcept override { return "direct"; }
  bool is_collective() const noexcept override { return false; }
  void read(std::span<ReadRequest const> requests, ReadOptions const& options) override;

 private:
  /// A request of the system's, and what of it is wanted.
  struct Step {
    Run const* run = nullptr;
    Bytes begin = 0;                   ///< in the run
    Bytes nbytes = 0;                  ///< wanted
    Bytes skipped = 0;                 ///< bytes before the wanted ones
    Bytes offset = 0;                  ///< in the file, of the request
    std::span<std::byte> destination;  ///< of the request: the run's, or a buffer
    bool is_buffered = false;
    Bytes arrived = 0;       ///< of the request
    std::int32_t error = 0;  ///< the system's number
    bool is_done = false;
  };

  void open_files(ReadOrder const& order);
  void read_all(ReadOrder const& order, ReadOptions const& options);
  /// The step that begins at `begin` of a run; without its destination, if that is a buffer.
  Step step_at(Run const& run, Bytes begin) const;
  std::byte* buffer(std::uint64_t number);
  /// Asks for what of a step has not arrived.
  void submit(Step const& step, std::uint64_t number);
  /// Waits for some read to complete, which may be of any of `steps`; `first` is the number of the first of them.
  void wait(std::deque<Step>& steps, std::uint64_t first);
  /// Takes over what a step has brought.
  void retire(Step const& step, ReadOrder const& order, ReadOptions const& options, BlockVerifier& verifier) const;

  Catalog const* catalog_;
  std::uint32_t depth_;
  InputFiles files_;
  std::vector<std::optional<DirectAlignment>> alignments_;  ///< by the catalog's file number, of those that are read
  HugePages buffers_;  ///< from when they are first needed; outlive the ring, which fills them
  std::unique_ptr<IoRing> ring_;
};

/// Why files like those of the catalog cannot be read so on this machine; nothing if they can.
std::optional<std::string> why_not_direct(Catalog const& catalog);

}  // namespace distload
