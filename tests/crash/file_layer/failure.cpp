// Counting calls and reading FILE_LAYER_FAIL.
#include "failure.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>

#include "log_directory.hpp"
#include "next_call.hpp"
#include "watched.hpp"

namespace distload::file_layer {
namespace {

constexpr std::array<std::string_view, 7> kKindNames{"write", "fsync", "rename", "create", "allocate", "mkdir", "copy"};
constexpr std::array<std::pair<std::string_view, int>, 3> kErrors{
    {{"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}}};

struct Wanted {
  CallKind kind = CallKind::write;
  std::uint64_t number = 0;
  int error = EIO;
};

std::string_view cut(std::string_view& text) {
  auto const part = text.substr(0, text.find(':'));
  text.remove_prefix(std::min(text.size(), part.size() + 1));
  return part;
}

Wanted parse(std::string_view text) {
  Wanted wanted;
  auto const kind = cut(text);
  auto const number = cut(text);
  std::size_t found = 0;
  while (found < kKindNames.size() && kKindNames[found] != kind) ++found;
  wanted.kind = static_cast<CallKind>(found);
  auto const [end, failed] = std::from_chars(number.data(), number.data() + number.size(), wanted.number);
  bool is_known = text.empty();
  for (auto const& [name, value] : kErrors) {
    if (name != text) continue;
    wanted.error = value;
    is_known = true;
  }
  if (found == kKindNames.size() || failed != std::errc{} || end != number.data() + number.size() || !is_known)
    give_up("FILE_LAYER_FAIL is not of the form kind:k[:EIO|ENOSPC|EDQUOT]");
  return wanted;
}

std::optional<Wanted> wanted_here() {
  char const* const text = std::getenv("FILE_LAYER_FAIL");
  char const* const own = std::getenv("OMPI_COMM_WORLD_RANK");
  if (text == nullptr || own == nullptr) return std::nullopt;
  char const* const rank = std::getenv("FILE_LAYER_RANK");
  if (std::string_view(own) != (rank == nullptr ? "0" : rank)) return std::nullopt;
  return parse(text);
}

}  // namespace

int failure_of_call(CallKind kind) {
  static auto const wanted = wanted_here();
  static std::atomic<std::uint64_t> calls = 0;
  if (!wanted || wanted->kind != kind || ++calls != wanted->number) return 0;
  auto const marker = log_directory() + "/failed-" + std::getenv("OMPI_COMM_WORLD_RANK");
  static auto* const next_open = next_call<int(char const*, int, ...)>("open");
  if (next_open(marker.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0666) < 0) give_up("FILE_LAYER_LOG cannot be written");
  return wanted->error;
}

bool call_fails(CallKind kind) {
  auto const error = failure_of_call(kind);
  if (error != 0) errno = error;
  return error != 0;
}

}  // namespace distload::file_layer
