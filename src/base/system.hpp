/// What the operating system says of itself.
#pragma once

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>

#include <distload/base/bytes.hpp>

namespace distload {

/// The size of a page of memory.
Bytes page_bytes() noexcept;

/// What a file of this process may grow to (RLIMIT_FSIZE, `ulimit -f`); nothing if there is no limit.
std::optional<Bytes> file_size_limit() noexcept;

/// The system's words for an error number, e.g. "No such file or directory"; without one, for the last failed call.
/// Where the limit of file sizes is the reason, it is named.
std::string system_reason(int number = errno);

/// This machine's name, as the administrator gave it; "unknown" if it has none.
std::string const& host_name();

/// "rank 3 on node7": a rank of this process' host.
std::string rank_on_this_host(std::uint32_t rank);

}  // namespace distload
