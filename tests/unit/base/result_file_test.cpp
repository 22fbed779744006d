// Results reach their place whole, or not at all, and it is known before whether they can.
#include "base/result_file.hpp"

#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include <distload/base/error.hpp>

#include "support/scratch_folder.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

void put(std::string const& path, std::string const& text) { std::ofstream(path, std::ios::binary) << text; }

std::string content_of(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class ResultFile : public ::testing::Test {
 protected:
  /// Refused in both ways, in words with `reason`, and nothing is left behind.
  void expect_refused(std::string const& path, std::string const& reason) {
    for (auto const how : {Probe::check_permissions, Probe::create_file}) {
      try {
        check_result_file(path, how);
        ADD_FAILURE() << path << " is not refused";
      } catch (IoError const& error) {
        EXPECT_THAT(error.what(), HasSubstr(path));
        EXPECT_THAT(error.what(), HasSubstr(reason));
      }
    }
  }
  std::ptrdiff_t files_in_folder() const {
    return std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator());
  }

  ScratchFolder folder_;
  std::string path_ = folder_.file("report.json");
};

TEST_F(ResultFile, IsNotThereAfterTheCheck) {
  check_result_file(path_, Probe::create_file);
  EXPECT_EQ(files_in_folder(), 0);
}

TEST_F(ResultFile, KeepsItsContentInTheCheck) {
  put(path_, "old");
  check_result_file(path_, Probe::create_file);
  EXPECT_EQ(content_of(path_), "old");
}

TEST_F(ResultFile, RefusesWhatIsInTheWay) {
  expect_refused(folder_.file("nowhere/report.json"), "there is no folder");
  expect_refused(folder_.path().string(), "it is a folder");
  put(path_, "");
  expect_refused(path_ + "/report.json", "Not a directory");
  expect_refused(folder_.file(std::string(300, 'r')), "File name too long");
  fs::create_symlink("nowhere/report.json", folder_.file("link"));
  expect_refused(folder_.file("link"), "there is no folder");
  fs::create_symlink("circle", folder_.file("circle"));
  expect_refused(folder_.file("circle"), "symbolic links");
}

TEST_F(ResultFile, RefusesWhatPermissionsForbid) {
  if (geteuid() == 0) {
    // Permissions say that root can make a file there; nobody can.
    EXPECT_THROW(check_result_file("/proc/distload-report.json", Probe::create_file), IoError);
    return;
  }
  put(path_, "");
  fs::permissions(path_, fs::perms::owner_read);
  expect_refused(path_, "Permission denied");
}

TEST_F(ResultFile, ReplacesAFileAsAWhole) {
  put(path_, "old");
  fs::permissions(path_, fs::perms::owner_read | fs::perms::owner_write);
  std::ifstream reader(path_);
  write_result_file(path_, "new");
  std::string seen;
  reader >> seen;
  EXPECT_EQ(seen, "old");
  EXPECT_EQ(content_of(path_), "new");
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(files_in_folder(), 1);
}

TEST_F(ResultFile, FollowsLinks) {
  put(path_, "old");
  fs::create_symlink("report.json", folder_.file("link"));
  write_result_file(folder_.file("link"), "new");
  EXPECT_TRUE(fs::is_symlink(folder_.file("link")));
  EXPECT_EQ(content_of(path_), "new");
  fs::create_symlink("made.json", folder_.file("link-to-nothing"));
  check_result_file(folder_.file("link-to-nothing"), Probe::create_file);
  write_result_file(folder_.file("link-to-nothing"), "made");
  EXPECT_EQ(content_of(folder_.file("made.json")), "made");
}

TEST_F(ResultFile, IsNoFileThatIsRead) {
  put(path_, "weights");
  keep_from_results(path_);
  fs::create_symlink(path_, path_ + ".link");
  for (auto const& other : {path_, path_ + ".link"}) {
    EXPECT_THROW(check_result_file(other, Probe::create_file), ConfigError);
    EXPECT_THROW(write_result_file(other, "report"), ConfigError);
  }
  EXPECT_EQ(content_of(path_), "weights");
}

TEST_F(ResultFile, GoesOnWhereADescriptorIs) {
  auto const descriptor = ::open(path_.c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_EQ(::write(descriptor, "before ", 7), 7);
  auto const name = "/dev/fd/" + std::to_string(descriptor);
  check_result_file(name, Probe::create_file);
  write_result_file(name, "text");
  ASSERT_EQ(::write(descriptor, " after", 6), 6);
  ::close(descriptor);
  EXPECT_EQ(content_of(path_), "before text after");
  expect_refused(name, "closed");
}

TEST_F(ResultFile, GoesIntoANamedPipe) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  check_result_file(path_, Probe::create_file);
  std::string read;
  std::thread reader([&] { read = content_of(path_); });
  write_result_file(path_, "text");
  reader.join();
  EXPECT_EQ(read, "text");
  EXPECT_TRUE(fs::is_fifo(path_));
}

TEST_F(ResultFile, NamesTheReasonOfADeviceThatTakesNothing) {
  check_result_file("/dev/full", Probe::create_file);
  try {
    write_result_file("/dev/full", "text");
    ADD_FAILURE();
  } catch (IoError const& error) {
    EXPECT_STREQ(error.what(), "cannot write /dev/full: No space left on device");
  }
}

}  // namespace
}  // namespace distload
