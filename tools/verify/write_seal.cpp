// Merges entries and replaces the sidecar file.
#include "verify/write_seal.hpp"

#include <cerrno>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <distload/base/error.hpp>

#include "base/system.hpp"
#include "base/text.hpp"
#include "checkpoint/file_name.hpp"
#include "checkpoint/seal/seal_file.hpp"
#include "io/files/output_file.hpp"
#include "save/commit/durable.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

std::string directory_of(std::string const& path) {
  auto const directory = fs::path(path).parent_path().string();
  return directory.empty() ? "." : directory;
}

/// Locks a directory against other writers of its seals, if its file system has locks.
class DirectoryLock {
 public:
  explicit DirectoryLock(std::string const& directory)
      : descriptor_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (descriptor_ < 0) throw IoError("cannot open " + directory + ": " + system_reason());
    while (::flock(descriptor_, LOCK_EX) != 0 && errno == EINTR) continue;
  }
  ~DirectoryLock() { ::close(descriptor_); }
  DirectoryLock(DirectoryLock const&) = delete;
  DirectoryLock& operator=(DirectoryLock const&) = delete;

 private:
  int descriptor_;
};

/// @throws CorruptData  the content of a file has changed while its properties have not.
void check_or_keep(std::string const& path, std::string const& name, SealedFile const& before, SealedFile& now) {
  if (before.facts != now.facts) return;
  auto const file = (fs::path(path).parent_path() / name).string();
  for (auto const& [tensor, hashes] : now.tensors) {
    auto const entry = before.tensors.find(tensor);
    if (entry != before.tensors.end() && entry->second == hashes) continue;
    throw CorruptData(file + " is damaged: size, header and time are as sealed in " + path + ", but tensor '" +
                      printable(tensor) +
                      "' is not; sealing it would hide that (remove the seal first if it is what you want)");
  }
  if (!before.sha256) return;
  if (now.sha256 && now.sha256 != before.sha256)
    throw CorruptData(file + " is damaged: size, header, time and tensors are as sealed in " + path +
                      ", but its SHA-256 is not; sealing it would hide that");
  now.sha256 = before.sha256;
}

}  // namespace

void check_seal_can_be_written(std::string const& path) {
  auto const directory = directory_of(path);
  if (::access(directory.c_str(), W_OK) != 0)
    throw IoError("a seal has to stand beside its files, but " + directory +
                  " cannot be written to: " + system_reason());
  static_cast<void>(read_seal(path));
}

void write_seal(std::string const& path, std::map<std::string, SealedFile> const& entries) {
  DirectoryLock const lock(directory_of(path));
  auto seal = read_seal(path).value_or(Seal{});
  std::error_code ignored;
  std::erase_if(seal.files,
                [&](auto const& entry) { return !fs::exists(fs::path(path).parent_path() / entry.first, ignored); });
  for (auto const& [name, entry] : entries) {
    auto now = entry;
    auto const before = seal.files.find(name);
    if (before != seal.files.end()) check_or_keep(path, name, before->second, now);
    seal.files.insert_or_assign(name, std::move(now));
  }
  auto const text = format_seal(seal);
  TemporaryFile temporary(temporary_name(path));
  auto file = OutputFile::create(temporary_name(path), text.size());
  file.write_at(0, std::as_bytes(std::span(text)));
  file.sync();
  file.close();
  rename_durably(temporary_name(path), path);
  temporary.keep();
}

}  // namespace distload
