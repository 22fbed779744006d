// XXH3 from libxxhash; on x86 through its run-time dispatch, which is three times as fast as the SSE2 default.
#include "base/hash.hpp"

#include <array>
#include <cstdio>

#include <distload/base/error.hpp>

#include <xxhash.h>
#if defined(__x86_64__)
#include <xxh_x86dispatch.h>
#endif

namespace distload {
namespace {

#if defined(__x86_64__)
auto const kHashOnce = &XXH3_64bits_dispatch;
auto const kHashUpdate = &XXH3_64bits_update_dispatch;
#else
auto const kHashOnce = [](void const* data, std::size_t size) { return XXH3_64bits(data, size); };
auto const kHashUpdate = [](XXH3_state_t* state, void const* data, std::size_t size) {
  return XXH3_64bits_update(state, data, size);
};
#endif

}  // namespace

struct StreamHash::State {
  XXH3_state_t* xxh3 = XXH3_createState();
  State() = default;
  State(State const&) = delete;
  State& operator=(State const&) = delete;
  ~State() { XXH3_freeState(xxh3); }
};

std::uint64_t xxh3_64(std::span<std::byte const> bytes) noexcept { return kHashOnce(bytes.data(), bytes.size()); }

std::string format_hash(std::uint64_t hash) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(hash));
  return text.data();
}

StreamHash::StreamHash() : state_(std::make_unique<State>()) {
  if (state_->xxh3 == nullptr) throw InternalError("no memory for a hash state");
  reset();
}
StreamHash::~StreamHash() = default;
StreamHash::StreamHash(StreamHash&&) noexcept = default;
StreamHash& StreamHash::operator=(StreamHash&&) noexcept = default;

void StreamHash::reset() noexcept { XXH3_64bits_reset(state_->xxh3); }

void StreamHash::update(std::span<std::byte const> bytes) noexcept {
  kHashUpdate(state_->xxh3, bytes.data(), bytes.size());
}

std::uint64_t StreamHash::digest() const noexcept { return XXH3_64bits_digest(state_->xxh3); }

}  // namespace distload
