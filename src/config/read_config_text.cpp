// Reads the configuration file.
#include <cerrno>
#include <fstream>
#include <system_error>

#include <distload/base/error.hpp>
#include <distload/config/parse_config.hpp>

namespace distload {
namespace {

constexpr Bytes kMaxConfigBytes = kMiB;

[[noreturn]] void fail(std::string const& path, int error_number) {
  throw ConfigError("cannot read the configuration " + path + ": " + std::generic_category().message(error_number));
}

}  // namespace

std::string read_config_text(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(path, errno);
  std::string text(kMaxConfigBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) fail(path, errno);
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxConfigBytes) {
    throw ConfigError("the configuration " + path + " is larger than " + format_bytes(kMaxConfigBytes));
  }
  return text;
}

}  // namespace distload
