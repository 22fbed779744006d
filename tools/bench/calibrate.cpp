// Short measurements of what loads and saves consist of.
#include "bench/calibrate.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include <distload/base/error.hpp>
#include <distload/checkpoint/checkpoint.hpp>
#include <distload/config/parse_config.hpp>

#include "base/first_touch.hpp"
#include "base/hash.hpp"
#include "base/host_memory.hpp"
#include "base/page_choice.hpp"
#include "base/process_memory.hpp"
#include "base/result_file.hpp"
#include "base/scope_timer.hpp"
#include "base/system.hpp"
#include "base/utc.hpp"
#include "bench/launcher_age.hpp"
#include "bench/raw_limits.hpp"
#include "bench/samples.hpp"
#include "bench/slowest.hpp"
#include "io/engines/direct_writer.hpp"
#include "io/files/file_mapping.hpp"
#include "io/files/output_file.hpp"
#include "load/arena.hpp"
#include "parallel/all_gathered.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/peer_memory.hpp"
#include "save/commit/durable.hpp"
#include "save/commit/file_space.hpp"

namespace distload {
namespace {

constexpr std::uint32_t kSmallReads = 64;
constexpr Bytes kPageBytes = 4 * kKiB;
constexpr Bytes kMessageBytes = 64 * kMiB;
constexpr Bytes kWritePiece = 4 * kMiB;   ///< as blocks of a checkpoint
constexpr Bytes kMappedPiece = 2 * kMiB;  ///< as the engine `mmap` verifies
/// Files that a save makes durable, one after the other: its data, its name, its commit mark, its folder.
constexpr double kStepsOfSave = 3;

/// What a rank stores in the memory of another one: rows, as parts of a matrix that is cut along its second axis.
constexpr Bytes kPeerBytes = 64 * kMiB;
constexpr Bytes kPeerPiece = 512 * kKiB;
constexpr Bytes kPeerRow = 2 * kKiB;

/// What one round of all measurements takes on the slowest rank.
struct Round {
  Samples memory, write, commit, direct, copy, mapped, peers;
};

/// The files that are read, and the scratch file if there is one.
class Target {
 public:
  /// Collective.
  Target(Communicator& world, CalibrateOptions const& options) : world_(&world), options_(&options) {
    auto const is_made =
        all_or_throw(world, "prepare", [&] { return world.rank() != 0 || can_be_written(options.path); });
    auto const own = scratch_of(options.path);
    auto const path = bytes_of_rank_0(world, "prepare", [&] {
      auto const text = is_made ? own : std::string();
      return std::vector<std::byte>(reinterpret_cast<std::byte const*>(text.data()),
                                    reinterpret_cast<std::byte const*>(text.data()) + text.size());
    });
    scratch_.assign(reinterpret_cast<char const*>(path.data()), path.size());
    if (scratch_.empty()) {
      catalog_ = all_or_throw(
          world, "open", [&] { return open_checkpoint(options.path, std::nullopt, Latest::valid, SealUse::ignore); });
      return;
    }
    catalog_.format = SourceFormat::safetensors;
    catalog_.path = scratch_;
    catalog_.files.push_back({scratch_, options.bytes * world.size()});
    all_or_throw(world, "prepare", [&] {
      if (world.rank() != 0) return;
      check_space(scratch_, catalog_.files.front().size_bytes);
      OutputFile::create_new(scratch_).close();
      temporary_.emplace(scratch_);
    });
  }

  bool is_scratch() const noexcept { return !scratch_.empty(); }
  Catalog const& catalog() const noexcept { return catalog_; }

  /// Collective: makes the scratch file anew, and writes every rank's part of it as a save does.
  void write(HostMemory const& memory, Round& round) const {
    auto const offset = options_->bytes * world_->rank();
    // A save writes a new file: freeing the space of the old one is not part of it.
    all_or_throw(*world_, "prepare", [&] {
      if (world_->rank() != 0) return;
      std::filesystem::remove(scratch_);
      sync_directory(folder_of(scratch_));
    });
    world_->barrier();
    auto const begin = std::chrono::steady_clock::now();
    all_or_throw(*world_, "write", [&] {
      if (world_->rank() == 0) OutputFile::create(scratch_, catalog_.files.front().size_bytes).close();
    });
    std::optional<DirectWriter> writer;
    all_or_throw(*world_, "write", [&] {
      writer.emplace(std::vector{scratch_});
      for (Bytes at = 0; at < options_->bytes; at += kWritePiece) {
        auto const nbytes = std::min(kWritePiece, options_->bytes - at);
        writer->write(0, offset + at, {memory.data() + at, nbytes});
      }
      writer->flush();
    });
    all_or_throw(*world_, "write", [&] { writer->sync(); });
    round.write.add(slowest_seconds(*world_, begin));
    auto const committed = std::chrono::steady_clock::now();
    all_or_throw(*world_, "write", [&] {
      if (world_->rank() == 0) commit_small_file();
    });
    round.commit.add(slowest_seconds(*world_, committed));
  }

 private:
  static std::string folder_at(std::string const& path) {
    std::error_code error;
    return std::filesystem::is_directory(path, error) ? path : folder_of(path);
  }
  static std::string scratch_of(std::string const& path) {
    return (std::filesystem::path(folder_at(path)) / (".distload-calibrate-" + std::to_string(getpid()))).string();
  }
  static bool can_be_written(std::string const& path) {
    try {
      check_folder(folder_at(path), Probe::create_file);
      return true;
    } catch (IoError const&) {
      return false;
    }
  }
  /// A file gets its final name, as at the end of a save.
  void commit_small_file() const {
    auto const path = scratch_ + ".small";
    auto file = OutputFile::create(path, kPageBytes);
    std::vector<std::byte> const page(kPageBytes);
    file.write_at(0, page);
    file.sync();
    file.close();
    std::filesystem::remove(path);
    sync_directory(folder_of(path));
  }

  Communicator* world_;
  CalibrateOptions const* options_;
  std::string scratch_;
  Catalog catalog_;
  std::optional<TemporaryFile> temporary_;
};

/// Populates new memory as a load does that fills it.
void populate(HostMemory const& memory, Bytes nbytes, PageChoice& choice) {
  std::span const all(memory.data(), nbytes);
  FirstTouch touch({all}, choice);
  for (Bytes begin = 0; begin < nbytes; begin += kMappedPiece) {
    auto const piece = all.subspan(begin, std::min(kMappedPiece, nbytes - begin));
    touch.prepare(piece);
    piece.front() = std::byte{1};
  }
}

/// Hashes a rank's part of the files' mapped pages, and unmaps each piece again.
void verify_mapped(FileMapping const& mapping, Bytes begin, Bytes end) {
  std::uint64_t sum = 0;
  for (auto at = begin; at < end; at += kMappedPiece) {
    auto const nbytes = std::min(kMappedPiece, end - at);
    mapping.prefault(at, nbytes);
    sum += xxh3_64({mapping.data() + at, nbytes});
    mapping.release(at, nbytes);
  }
  if (sum == 0) throw CorruptData("the hashes of the scratch file cannot all be zero");
}

/// Seconds of a small read at a random position: latency of storage without the page cache, of a system call with it.
double small_read_seconds(Catalog const& catalog, Caching caching) {
  auto const& source = *std::ranges::max_element(catalog.files, {}, &SourceFile::size_bytes);
  InputFile const file(source.path, caching);
  auto const memory = touched_memory(kPageBytes);
  std::mt19937_64 random(1);
  Samples samples;
  for (std::uint32_t i = 0; i < kSmallReads; ++i) {
    auto const page = random() % std::max<Bytes>(source.size_bytes / kPageBytes, 1);
    if (caching == Caching::page_cache) file.read_at(page * kPageBytes, {memory.data(), kPageBytes});
    auto const start = std::chrono::steady_clock::now();
    file.read_at(page * kPageBytes, {memory.data(), kPageBytes});
    samples.add(seconds_since(start));
  }
  return samples.median();
}

/// Collective: every rank sends `nbytes` to the next one. @returns the seconds of the slowest rank.
double ring_seconds(Communicator& world, Bytes nbytes, std::uint32_t rounds) {
  std::vector<std::byte> sent(nbytes);
  std::vector<std::byte> received(nbytes);
  auto const next = (world.rank() + 1) % world.size();
  auto const previous = (world.rank() + world.size() - 1) % world.size();
  Samples samples;
  for (std::uint32_t round = 0; round <= rounds; ++round) {
    world.barrier();
    auto const start = std::chrono::steady_clock::now();
    Send const send{next, sent.data(), nbytes};
    Receive const receive{previous, received.data(), nbytes};
    world.exchange({&send, 1}, {&receive, 1});
    auto const seconds = slowest_seconds(world, start);
    if (round > 0) samples.add(seconds);
  }
  return samples.median();
}

/// Local: stores to a rank's memory from blocks that a reader has in its cache.
void store_to_peer(PeerMemory const& peers, std::uint32_t job_rank, std::vector<std::byte> const& block) {
  auto const stride = kPeerRow * (block.size() / kPeerPiece);
  std::vector<PeerWrite> rows;
  for (Bytes begin = 0; begin < kPeerBytes; begin += kPeerPiece) {
    rows.clear();
    for (Bytes row = 0; row < kPeerPiece; row += kPeerRow) {
      rows.push_back({block.data() + row / kPeerRow * stride, begin + row, kPeerRow});
    }
    peers.write(job_rank, rows);
  }
}

/// Collective: stores to the next rank of the node, where ranks can write to each other's memory.
void measure_peers(MpiEnvironment& mpi, Round& round) {
  auto& node = mpi.node();
  if (node.size() == 1 || why_not_peer_memory(node)) return;
  constexpr Bytes kShares = 4;
  std::vector<std::byte> const block(kShares * kPeerPiece, std::byte{1});
  auto const memory = touched_memory(kPeerBytes);
  auto const job_ranks = all_gathered(node, mpi.world().rank());
  PeerMemory const peers(node, mpi.world().rank(), {memory.data(), kPeerBytes});
  auto const next = job_ranks[(node.rank() + 1) % node.size()];
  round.peers.add(time_on_all_ranks(mpi.world(), "peers", [&] { store_to_peer(peers, next, block); }));
}

/// Collective: one round. Memory that is populated is used for the rest of it.
void measure_round(Communicator& world, Target const& target, CalibrateOptions const& options, Round& round) {
  std::this_thread::sleep_for(std::chrono::duration<double>(options.idle_seconds));
  PageChoice choice(HugePageKind::automatic);
  choice.compare();
  auto nbytes = options.bytes;
  std::optional<RawReader> reader;
  // A new file's part of a rank is only known after it has been written.
  if (!target.is_scratch()) {
    reader.emplace(target.catalog(), world.rank(), world.size());
    nbytes = std::max<Bytes>(reader->share_bytes(), kHugePageBytes);
  }
  HostMemory const memory(nbytes, choice.current());
  round.memory.add(time_on_all_ranks(world, "memory", [&] { populate(memory, nbytes, choice); }));
  if (target.is_scratch()) {
    std::memset(memory.data(), static_cast<int>(world.rank() + 1), nbytes);
    target.write(memory, round);
    reader.emplace(target.catalog(), world.rank(), world.size());
  }
  auto const buffers = touched_memory(direct_buffer_bytes(kRawDepth));
  all_or_throw(world, "prepare", [&] {
    if (world.rank() == 0) forget_files(target.catalog());
  });
  HostMemory const copy(std::max<Bytes>(reader->share_bytes(), kHugePageBytes), choice.current());
  populate(copy, std::max<Bytes>(reader->share_bytes(), kHugePageBytes), choice);
  round.direct.add(time_on_all_ranks(world, "read", [&] {
    reader->can_read_directly() ? reader->read_directly(buffers, kRawDepth) : reader->read(copy);
  }));
  all_or_throw(world, "read", [&] { reader->read(copy); });  // to the page cache
  round.copy.add(time_on_all_ranks(world, "read", [&] { reader->read(copy); }));
  InputFiles files(target.catalog());
  FileMapping const mapping(files);
  auto const& last = target.catalog().files.back();
  auto const end = mapping.offset_of(static_cast<std::uint32_t>(target.catalog().files.size()) - 1) + last.size_bytes;
  auto const share = round_up(end / world.size() + 1, kMappedPiece);
  auto const begin = std::min(end, share * world.rank());
  round.mapped.add(
      time_on_all_ranks(world, "verify", [&] { verify_mapped(mapping, begin, std::min(end, begin + share)); }));
}

}  // namespace

Machine calibrate(MpiEnvironment& mpi, CalibrateOptions const& options) {
  auto& world = mpi.world();
  std::vector<double> started{seconds_since_launch()};
  world.all_reduce(std::span<double>(started), Reduction::max);
  Target target(world, options);
  Round all;
  for (std::uint32_t number = 0; number < options.rounds; ++number) {
    measure_round(world, target, options, all);
    measure_peers(mpi, all);
  }

  Machine machine;
  auto& cost = machine.cost;
  Bytes read_by_all = 0;
  for (auto const& file : target.catalog().files) read_by_all += file.size_bytes;
  auto const rate = [&](Bytes bytes, Samples const& samples) {
    return static_cast<double>(bytes) / std::max(samples.median(), 1e-9);
  };
  auto const populated = target.is_scratch() ? options.bytes * world.size() : read_by_all;
  auto const nodes = std::max<std::uint32_t>(1, world.size() / mpi.node().size());
  cost.storage_bandwidth = rate(read_by_all, all.direct);
  cost.cache_bandwidth = rate(read_by_all, all.copy);
  cost.mapped_bandwidth = rate(read_by_all, all.mapped) / nodes;
  cost.memory_bandwidth = rate(populated, all.memory) / nodes;
  if (target.is_scratch()) {
    cost.save_bandwidth = rate(read_by_all, all.write);
    cost.save_latency_seconds = kStepsOfSave * all.commit.median();
  }
  if (!all.peers.all().empty()) cost.peer_bandwidth = rate(kPeerBytes, all.peers);
  std::vector<double> latencies{0, 0};
  all_or_throw(world, "measure", [&] {
    if (world.rank() != 0) return;
    auto const call = small_read_seconds(target.catalog(), Caching::page_cache);
    bool const directly = RawReader(target.catalog(), 0, 1).can_read_directly();
    latencies = {directly ? small_read_seconds(target.catalog(), Caching::none) : call, call};
  });
  world.all_reduce(std::span<double>(latencies), Reduction::max);
  cost.storage_latency_seconds = latencies[0];
  cost.request_overhead_seconds = latencies[1];
  if (world.size() > 1) {
    cost.link_latency_seconds = ring_seconds(world, sizeof(double), options.rounds);
    cost.link_bandwidth = static_cast<double>(kMessageBytes) / ring_seconds(world, kMessageBytes, options.rounds);
  }
  if (started.front() > 0) cost.start_seconds = started.front();

  machine.name = "machine";
  machine.on_host = true;
  machine.nodes = nodes;
  machine.devices_per_node = mpi.node().size();
  machine.device_reserve = 0;
  machine.device_memory = least_limit(available_host_bytes(mpi.node().size()), world).value_or(kGiB);
  machine.measured = utc_text(std::time(nullptr)) + " on " + host_name() + " by " + std::to_string(world.size()) +
                     (world.size() == 1 ? " rank in " : " ranks in ") +
                     std::filesystem::absolute(options.path).lexically_normal().string();
  return machine;
}

namespace {

/// @throws ConfigError  there is a file at the path that describes no machine, and is not replaced.
void check_is_machine(std::string const& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error) || std::filesystem::file_size(path, error) == 0) return;
  try {
    parse_machine(read_config_text(path), path);
  } catch (ConfigError const&) {
    throw ConfigError("--out " + path + ": the file that is there describes no machine, and is not replaced");
  }
}

}  // namespace

std::string write_machine(Machine const& machine, CalibrateOptions const& options) {
  if (options.out == "-") return {};
  auto const path = options.out.empty() ? user_machine_path() : options.out;
  if (path.empty()) throw UsageError("neither XDG_CONFIG_HOME nor HOME is set: --out names a file, or - only prints");
  make_folder_of(path);
  check_is_machine(path);
  write_result_file(path, machine_text(machine));
  return path;
}

}  // namespace distload
