// sysconf, getrlimit and error texts.
#include "base/system.hpp"

#include <array>
#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

namespace distload {

Bytes page_bytes() noexcept {
  static auto const bytes = static_cast<Bytes>(sysconf(_SC_PAGESIZE));
  return bytes;
}

std::optional<Bytes> file_size_limit() noexcept {
  rlimit limit{};
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return limit.rlim_cur;
}

std::string system_reason(int number) {
  auto reason = std::generic_category().message(number);
  auto const limit = number == EFBIG ? file_size_limit() : std::nullopt;
  if (limit) reason += " (the file size limit, ulimit -f, is " + format_bytes(*limit) + ")";
  return reason;
}

std::string const& host_name() {
  static auto const name = [] {
    std::array<char, 256> text{};
    return std::string(gethostname(text.data(), text.size() - 1) == 0 ? text.data() : "unknown");
  }();
  return name;
}

std::string rank_on_this_host(std::uint32_t rank) { return "rank " + std::to_string(rank) + " on " + host_name(); }

}  // namespace distload
