// Everything is asked of the kernel anew: nothing has to be followed through open, dup and rename.
#include "watched.hpp"

#include <array>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include "next_call.hpp"

namespace distload::file_layer {
namespace {

/// The root without symbolic links; empty in processes that are no ranks, such as mpirun.
std::string const& root() {
  static std::string const path = [] {
    char const* const text = std::getenv("FILE_LAYER_ROOT");
    if (text == nullptr || std::getenv("OMPI_COMM_WORLD_RANK") == nullptr) return std::string();
    std::array<char, PATH_MAX> resolved{};
    if (::realpath(text, resolved.data()) == nullptr) give_up("FILE_LAYER_ROOT is no directory");
    return std::string(resolved.data());
  }();
  return path;
}

/// The path of an open file or directory if it is the root or lies below it, otherwise empty.
std::string path_below_root(int descriptor) {
  if (root().empty()) return {};
  std::string path(PATH_MAX, '\0');
  auto const link = "/proc/self/fd/" + std::to_string(descriptor);
  auto const length = ::readlink(link.c_str(), path.data(), path.size());
  path.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
  auto const is_below = path.starts_with(root()) && (path.size() == root().size() || path[root().size()] == '/');
  return is_below ? path : std::string();
}

}  // namespace

void give_up(std::string const& why) {
  auto const text = "file layer: " + why + "\n";
  static_cast<void>(std::fputs(text.c_str(), stderr));
  std::abort();
}

std::optional<WatchedFile> watched_file(int descriptor) {
  if (path_below_root(descriptor).empty()) return std::nullopt;
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return std::nullopt;
  return WatchedFile{status.st_ino, status.st_size};
}

std::optional<WatchedName> watched_name(int at, char const* path) {
  if (root().empty()) return std::nullopt;
  std::string_view whole(path);
  while (whole.size() > 1 && whole.ends_with('/')) whole.remove_suffix(1);
  auto const slash = whole.rfind('/');
  auto const folder = slash == std::string_view::npos ? std::string(".") : std::string(whole.substr(0, slash + 1));
  WatchedName name;
  name.name = slash == std::string_view::npos ? whole : whole.substr(slash + 1);

  static auto* const next_openat = next_call<int(int, char const*, int, ...)>("openat");
  auto const descriptor = next_openat(at, folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  auto const parent = path_below_root(descriptor);
  if (!parent.empty()) {
    struct stat status {};
    if (::fstat(descriptor, &status) == 0) name.directory = status.st_ino;
    if (::fstatat(descriptor, name.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
      name.inode = status.st_ino;
      name.mode = status.st_mode;
    }
    name.path = parent + "/" + name.name;
  }
  ::close(descriptor);
  return parent.empty() ? std::nullopt : std::optional(std::move(name));
}

}  // namespace distload::file_layer
