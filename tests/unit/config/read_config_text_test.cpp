// Files that are there, and files that are none.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <distload/base/error.hpp>
#include <distload/config/parse_config.hpp>

#include "support/thrown_message.hpp"

namespace distload {
namespace {

std::string error_of_path(std::string const& path) {
  return thrown_message<ConfigError>([&] { read_config_text(path); });
}

TEST(ReadConfigText, ReadsUpToTheLargestSize) {
  auto const path = std::filesystem::path(testing::TempDir()) / "distload-largest.yaml";
  std::ofstream(path) << std::string(kMiB, '#');
  EXPECT_EQ(read_config_text(path).size(), kMiB);
  std::ofstream(path) << std::string(kMiB + 1, '#');
  EXPECT_NE(error_of_path(path).find("is larger than 1 MiB"), std::string::npos);
  std::filesystem::remove(path);
}

TEST(ReadConfigText, SaysWhyAFileCannotBeRead) {
  EXPECT_EQ(error_of_path("/no/such/file.yaml"),
            "cannot read the configuration /no/such/file.yaml: No such file or directory");
  EXPECT_EQ(error_of_path("/"), "cannot read the configuration /: Is a directory");
  EXPECT_NE(error_of_path("/dev/zero").find("is larger than 1 MiB"), std::string::npos);
}

}  // namespace
}  // namespace distload
