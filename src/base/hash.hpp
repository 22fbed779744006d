/// XXH3-64 with seed 0, of whole buffers and of streams. The project uses no other hash for its own data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace distload {

/// XXH3-64 (seed 0) of `bytes`.
std::uint64_t xxh3_64(std::span<std::byte const> bytes) noexcept;

/// `hash` as 16 lower-case hex digits.
std::string format_hash(std::uint64_t hash);

/// XXH3-64 over bytes that arrive in parts. Each part can be hashed while it is in cache.
class StreamHash {
 public:
  StreamHash();
  ~StreamHash();
  StreamHash(StreamHash&&) noexcept;
  StreamHash& operator=(StreamHash&&) noexcept;
  StreamHash(StreamHash const&) = delete;
  StreamHash& operator=(StreamHash const&) = delete;

  void reset() noexcept;
  void update(std::span<std::byte const> bytes) noexcept;
  std::uint64_t digest() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace distload
