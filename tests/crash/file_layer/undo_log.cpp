// Composing records.
#include "undo_log.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include "log_directory.hpp"
#include "next_call.hpp"

namespace distload::file_layer {
namespace {

/// More than that is not kept: it comes back as zeros.
constexpr off_t kMostOldBytes = off_t{4} << 20;

std::string own_name() { return std::string(std::getenv("OMPI_COMM_WORLD_RANK")) + "-" + std::to_string(::getpid()); }

int open_log() {
  auto const path = log_directory() + "/" + own_name() + ".log";
  static auto* const next_open = next_call<int(char const*, int, ...)>("open");
  auto const descriptor = next_open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor < 0) give_up("FILE_LAYER_LOG cannot be written");
  return descriptor;
}

void append(std::uint64_t time, std::string_view fields, std::string_view old_bytes = {}) {
  static auto const log = open_log();
  auto record = std::to_string(time);
  record.append("\t").append(fields).append("\t").append(std::to_string(old_bytes.size())).append("\n");
  record.append(old_bytes);
  static auto* const next_write = next_call<ssize_t(int, void const*, std::size_t)>("write");
  if (next_write(log, record.data(), record.size()) != static_cast<ssize_t>(record.size())) give_up("the log is full");
}

template <class... Fields>
std::string line(std::string_view about, Fields const&... fields) {
  std::string text(about);
  auto const put = [&text](auto const& field) {
    text.append("\t");
    if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(field)>>) {
      text.append(std::to_string(field));
    } else {
      text.append(field);
    }
  };
  (put(fields), ...);
  return text;
}

/// Bytes [begin, end) of a file that may be open for writing only; empty if they are zeros or too many.
std::string old_bytes(int descriptor, off_t begin, off_t end) {
  if (end <= begin || end - begin > kMostOldBytes) return {};
  auto const path = "/proc/self/fd/" + std::to_string(descriptor);
  static auto* const next_open = next_call<int(char const*, int, ...)>("open");
  auto const reader = next_open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (reader < 0) give_up("a written file cannot be read");
  std::string bytes(static_cast<std::size_t>(end - begin), '\0');
  auto const count = ::pread(reader, bytes.data(), bytes.size(), begin);
  ::close(reader);
  if (count < 0) give_up("a written file cannot be read");
  bytes.resize(static_cast<std::size_t>(count));
  if (std::ranges::all_of(bytes, [](char byte) { return byte == '\0'; })) return {};
  return bytes;
}

/// A further name, in the log's directory, for a file that is about to lose its own.
std::string keep(WatchedName const& name) {
  static std::atomic<std::uint64_t> count = 0;
  auto backup = own_name() + "-" + std::to_string(count++) + ".kept";
  if (::link(name.path.c_str(), (log_directory() + "/" + backup).c_str()) != 0)
    give_up("FILE_LAYER_LOG is not on the file system of FILE_LAYER_ROOT");
  return backup;
}

}  // namespace

std::uint64_t time_now() {
  std::timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
}

bool records() {
  static bool const result = std::getenv("FILE_LAYER_RECORD") != nullptr && !log_directory().empty();
  return result;
}

void record_write(int descriptor, WatchedFile const& file, off_t offset, std::uint64_t length) {
  auto const end = std::min(offset + static_cast<off_t>(length), file.size);
  append(time_now(), line("write", file.inode, offset, length, file.size), old_bytes(descriptor, offset, end));
}

void record_resize(int descriptor, WatchedFile const& file, off_t size_after) {
  append(time_now(), line("resize", file.inode, file.size, size_after), old_bytes(descriptor, size_after, file.size));
}

void record_sync(WatchedFile const& file, std::uint64_t began) { append(began, line("sync", file.inode)); }

void record_create(WatchedName const& name) { append(time_now(), line("create", name.directory, name.name)); }

void record_mkdir(WatchedName const& name) { append(time_now(), line("mkdir", name.directory, name.name)); }

void record_unlink(WatchedName const& name) {
  append(time_now(), line("unlink", name.directory, name.name, name.inode, keep(name)));
}

void record_rmdir(WatchedName const& name) {
  // Open to the end of the process, so that nothing else gets the inode's number.
  static auto* const next_open = next_call<int(char const*, int, ...)>("open");
  static_cast<void>(next_open(name.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  append(time_now(), line("rmdir", name.directory, name.name, name.inode));
}

void record_rename(WatchedName const& from, WatchedName const& to) {
  auto const backup = to.inode != 0 && !S_ISDIR(to.mode) ? keep(to) : "-";
  append(time_now(), line("rename", from.directory, from.name, from.inode, to.directory, to.name, to.inode, backup));
}

void record_exchange(WatchedName const& from, WatchedName const& to) {
  append(time_now(), line("exchange", from.directory, from.name, from.inode, to.directory, to.name, to.inode));
}

}  // namespace distload::file_layer
