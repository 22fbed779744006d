// Divides the blocks among threads as distload-verify does among ranks.
#include "inspect/health.hpp"

#include <algorithm>
#include <exception>
#include <thread>
#include <tuple>
#include <utility>

#include "base/text.hpp"

namespace distload {
namespace {

/// The findings of all threads, or the first exception.
std::vector<BlockFindings> find_on_threads(Catalog const& catalog, std::uint32_t threads) {
  std::vector<BlockFindings> findings(threads);
  std::vector<std::exception_ptr> errors(threads);
  {
    std::vector<std::jthread> running;
    for (std::uint32_t thread = 0; thread < threads; ++thread) {
      running.emplace_back([&, thread] {
        try {
          findings[thread] = check_blocks(catalog, thread, threads, CheckFrom::anywhere);
        } catch (...) {
          errors[thread] = std::current_exception();
        }
      });
    }
  }
  for (auto const& error : errors) {
    if (error) std::rethrow_exception(error);
  }
  return findings;
}

}  // namespace

Health check_health(Catalog const& catalog, std::uint32_t threads) {
  Health health;
  try {
    for (auto& findings : find_on_threads(catalog, threads)) {
      health.verified_bytes += findings.verified_bytes;
      health.unverified_bytes += findings.unverified_bytes;
      std::ranges::move(findings.damage, std::back_inserter(health.damage));
    }
  } catch (Error const& error) {
    if (error.code() != ExitCode::corrupt_data && error.code() != ExitCode::io) throw;
    health.code = error.code();
    health.reason = error.what();
    return health;
  }
  std::ranges::sort(health.damage, {}, [](DamagedBlock const& block) {
    return std::tuple(block.is_of_file, block.extent, block.begin_bytes);
  });
  auto const unreadable =
      static_cast<std::uint64_t>(std::ranges::count(health.damage, true, &DamagedBlock::is_unreadable));
  auto verdict =
      verdict_of(health.damage.size() - unreadable, unreadable, health.verified_bytes, health.unverified_bytes);
  health.code = verdict.code;
  health.reason = std::move(verdict.reason);
  return health;
}

char const* state_of(Health const& health) {
  if (!health.damage.empty()) return health.code == ExitCode::corrupt_data ? "damaged" : "unreadable";
  switch (health.code) {
    case ExitCode::done: return "verified";
    case ExitCode::nothing_to_compare: return "nothing_to_verify";
    default: return "not_verified";
  }
}

std::string summary_of(Health const& health) {
  if (health.damage.empty() && health.code != ExitCode::done) return health.reason;
  return format_bytes(health.verified_bytes) + " verified, " + format_bytes(health.unverified_bytes) +
         " without checksums, " + std::to_string(health.damage.size()) +
         (health.damage.size() == 1 ? " damaged block" : " damaged blocks");
}

}  // namespace distload
