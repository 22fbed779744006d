// SHA-256 by libcrypto.
#include "verify/sha256.hpp"

#include <array>

#include <openssl/evp.h>

#include <distload/base/error.hpp>

namespace distload {
namespace {

void check(int result, char const* call) {
  if (result != 1) throw InternalError(std::string(call) + " failed: OpenSSL cannot compute SHA-256");
}

}  // namespace

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() = default;
  State(State const&) = delete;
  State& operator=(State const&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  check(state_->context != nullptr ? 1 : 0, "EVP_MD_CTX_new");
  check(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr), "EVP_DigestInit_ex");
}

Sha256::~Sha256() = default;

void Sha256::update(std::span<std::byte const> bytes) {
  check(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()), "EVP_DigestUpdate");
}

std::string Sha256::finish() {
  std::array<unsigned char, 32> digest{};
  check(EVP_DigestFinal_ex(state_->context, digest.data(), nullptr), "EVP_DigestFinal_ex");
  constexpr char const* kDigits = "0123456789abcdef";
  std::string text;
  for (auto const byte : digest) text.append(1, kDigits[byte >> 4U]).append(1, kDigits[byte & 15U]);
  return text;
}

}  // namespace distload
