/// What makes files outlive a crash of the machine, and what removes those that nobody completed.
#pragma once

#include <string>
#include <utility>

namespace distload {

/// Returns when the file's bytes, as far as this machine has written them, are on storage.
/// @throws IoError  the system refuses.
void sync_file(std::string const& path);

/// Gives the file its final name, replacing what has it, and returns when that is on storage.
/// @throws IoError  the system refuses.
void publish_file(std::string const& from, std::string const& to);

/// Returns when the names in the directory are on storage.
/// @throws IoError  the system refuses.
void sync_directory(std::string const& path);

/// The same for a directory; one that has the name goes, at once where the file system can exchange two names,
/// otherwise by way of `replaced_name`.
/// @throws IoError  the system refuses.
void publish_directory(std::string const& from, std::string const& to);

/// A file, or a directory with all that is in it, that goes with the object unless it is kept.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  ~TemporaryFile();
  TemporaryFile(TemporaryFile const&) = delete;
  TemporaryFile& operator=(TemporaryFile const&) = delete;

  void keep() noexcept { path_.clear(); }

 private:
  std::string path_;
};

}  // namespace distload
