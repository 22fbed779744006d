/// SHA-256 over bytes that arrive in parts, for sums that model hubs publish. The only wrapper of OpenSSL.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace distload {

class Sha256 {
 public:
  /// @throws InternalError  OpenSSL has no SHA-256.
  Sha256();
  ~Sha256();
  Sha256(Sha256 const&) = delete;
  Sha256& operator=(Sha256 const&) = delete;

  void update(std::span<std::byte const> bytes);

  /// The hash of all bytes as 64 hex digits in lower case; call it once.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace distload
