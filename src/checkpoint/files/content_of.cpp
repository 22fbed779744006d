// Reads carried files.
#include <distload/checkpoint/carried_file.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <system_error>

#include <distload/base/error.hpp>

#include "base/hash.hpp"
#include "base/system.hpp"
#include "base/text.hpp"
#include "checkpoint/files/time_of_change.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

/// The file's name for messages: its path, or its name and checkpoint.
std::string where(CarriedFile const& file) {
  return fs::path(file.path).filename() == fs::path(file.name).filename()
             ? file.path
             : file.path + ": file '" + printable(file.name) + "'";
}

/// @throws IoError  the file has been changed since it was listed: users may edit it while a model is in use.
void check_unchanged(CarriedFile const& file) {
  std::error_code error;
  auto const status = fs::status(file.path, error);
  if (!fs::is_regular_file(status)) throw IoError(where(file) + " is not there any more");
  auto const nbytes = fs::file_size(file.path, error);
  if (error) throw IoError(where(file) + " cannot be read: " + error.message());
  bool const is_same = file.modified == 0 ? nbytes >= file.offset_bytes + file.nbytes
                                          : nbytes == file.nbytes && time_of_change(file.path) == file.modified;
  if (!is_same) throw IoError(where(file) + " has been changed since the checkpoint was opened; open it again");
}

}  // namespace

std::int64_t time_of_change(std::string const& path) noexcept {
  std::error_code error;
  auto const time = fs::last_write_time(path, error);
  if (error) return 0;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

std::shared_ptr<std::vector<std::byte> const> content_of(CarriedFile const& file) {
  if (file.content) return file.content;
  check_unchanged(file);
  auto content = std::make_shared<std::vector<std::byte>>(file.nbytes);
  std::ifstream stream(file.path, std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(file.offset_bytes));
  stream.read(reinterpret_cast<char*>(content->data()), static_cast<std::streamsize>(content->size()));
  if (!stream) throw IoError(where(file) + " cannot be read: " + system_reason());
  if (file.hash && xxh3_64(*content) != *file.hash) {
    throw CorruptData(where(file) + " has the XXH3-64 " + format_hash(xxh3_64(*content)) + ", not " +
                      format_hash(*file.hash));
  }
  return content;
}

}  // namespace distload
