// Cross-memory attach (process_vm_writev).
#include "parallel/peer_memory.hpp"

#include <cerrno>
#include <random>
#include <vector>

#include <sys/prctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <distload/base/error.hpp>

#include "base/system.hpp"
#include "parallel/all_gathered.hpp"
#include "parallel/on_all.hpp"

namespace distload {
namespace {

/// The kernel's limit on vectors per call, for each side.
constexpr std::size_t kMostVectors = 1024;

/// The vectors of one call: local ones, and remote ones, of which adjacent ones are merged.
class Batch {
 public:
  Batch(pid_t process, bool reads) : process_(process), reads_(reads) {
    local_.reserve(kMostVectors);
    remote_.reserve(kMostVectors);
  }

  bool is_full() const noexcept { return local_.size() == kMostVectors; }

  void add(std::byte* local, std::uint64_t address, Bytes nbytes) {
    local_.push_back({local, nbytes});
    nbytes_ += nbytes;
    if (!remote_.empty() && end_ == address) {
      remote_.back().iov_len += nbytes;
    } else {
      remote_.push_back({reinterpret_cast<void*>(address), nbytes});
    }
    end_ = address + nbytes;
  }

  /// @returns false if the kernel has not copied all bytes; `errno` has the reason.
  bool send() {
    errno = EFAULT;  // the reason after a partial copy, which does not set errno
    auto* const copy = reads_ ? process_vm_readv : process_vm_writev;
    auto const copied = copy(process_, local_.data(), local_.size(), remote_.data(), remote_.size(), 0);
    bool const is_whole = copied >= 0 && static_cast<Bytes>(copied) == nbytes_;
    local_.clear();
    remote_.clear();
    nbytes_ = 0;
    return is_whole;
  }

 private:
  pid_t process_;
  bool reads_;
  std::vector<iovec> local_;
  std::vector<iovec> remote_;
  std::uint64_t end_ = 0;
  Bytes nbytes_ = 0;
};

}  // namespace

PeerMemory::PeerMemory(Communicator& node, std::uint32_t job_rank, std::span<std::byte> own) {
  struct Entry {
    std::uint32_t job_rank = 0;
    Region region;
  };
  Entry const mine{job_rank, {getpid(), reinterpret_cast<std::uint64_t>(own.data()), own.size()}};
  for (auto const& entry : all_gathered(node, mine)) regions_.emplace(entry.job_rank, entry.region);
}

template <class Part, class LocalOf>
void PeerMemory::copy(std::uint32_t job_rank, std::span<Part const> parts, bool reads, LocalOf const& local_of) const {
  auto const& region = regions_.at(job_rank);
  Batch batch(region.process, reads);
  auto const send = [&] {
    if (batch.send()) return;
    throw CommunicationError(std::string("cannot ") + (reads ? "read" : "write to") + " the memory of " +
                             rank_on_this_host(job_rank) + ": " + system_reason());
  };
  for (auto const& part : parts) {
    if (part.offset_bytes > region.nbytes || part.nbytes > region.nbytes - part.offset_bytes)
      throw InternalError("an access behind the memory of " + rank_on_this_host(job_rank));
    if (batch.is_full()) send();
    batch.add(local_of(part), region.address + part.offset_bytes, part.nbytes);
  }
  send();
}

void PeerMemory::write(std::uint32_t job_rank, std::span<PeerWrite const> writes) const {
  // The kernel only reads local vectors.
  copy(job_rank, writes, false, [](PeerWrite const& part) { return const_cast<std::byte*>(part.source); });
}

void PeerMemory::read(std::uint32_t job_rank, std::span<PeerRead const> reads) const {
  copy(job_rank, reads, true, [](PeerRead const& part) { return part.target; });
}

std::optional<std::string> why_not_peer_memory(Communicator& node) {
  // A random number that no other process has at the same address: process ids in another pid namespace may name a
  // wrong process.
  std::uint64_t const token = (std::uint64_t{std::random_device{}()} << 32U) | std::random_device{}();
  struct Entry {
    std::int32_t process = 0;
    std::uint64_t address = 0;
    std::uint64_t token = 0;
  };
#if defined(PR_SET_PTRACER)
  // Where the Yama module restricts ptrace, only processes allowed here may write to this one.
  static_cast<void>(prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0));
#endif
  std::optional<std::string> why;
  for (auto const& peer : all_gathered(node, Entry{getpid(), reinterpret_cast<std::uint64_t>(&token), token})) {
    std::uint64_t found = 0;
    iovec const local{&found, sizeof found};
    iovec const remote{reinterpret_cast<void*>(peer.address), sizeof found};
    auto const got = process_vm_readv(peer.process, &local, 1, &remote, 1, 0);
    if (got < 0) why = system_reason();
    if (got >= 0 && found != peer.token) why = "process numbers mean something else to another rank";
  }
  // This agreement also ensures that all peers have read `token`.
  if (is_on_any(node, why.has_value()) && !why) why = "another rank cannot";
  return why;
}

}  // namespace distload
