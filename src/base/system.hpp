/// Properties of the operating system.
#pragma once

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>

#include <distload/base/bytes.hpp>

namespace distload {

/// The most bytes to ask of one read or write: Linux transfers at most 2 GiB - 4 KiB; a power of two below that keeps
/// the following ones aligned.
inline constexpr Bytes kMostBytesPerCall = kGiB;

/// The size of a page of memory.
Bytes page_bytes() noexcept;

/// This process's limit on file sizes (RLIMIT_FSIZE, `ulimit -f`); nothing if there is none.
std::optional<Bytes> file_size_limit() noexcept;

/// The system's message for an error number, by default errno, e.g. "No such file or directory". For EFBIG it names the
/// limit on file sizes.
std::string system_reason(int number = errno);

/// The host name of this machine; "unknown" if it has none.
std::string const& host_name();

/// "rank 3 on node7", with the name of this host.
std::string rank_on_this_host(std::uint32_t rank);

}  // namespace distload
