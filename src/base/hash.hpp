/// XXH3-64 with seed 0, the one hash of the project, over whole buffers and over streams.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace distload {

/// XXH3-64 (seed 0) of `bytes`.
std::uint64_t xxh3_64(std::span<std::byte const> bytes) noexcept;

/// 16 lower-case hex digits.
std::string format_hash(std::uint64_t hash);

/// XXH3-64 over bytes that arrive in parts, so that a part is hashed while it is still in cache.
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
