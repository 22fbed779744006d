// Feeds files, and the files of folders, to a fuzz target, for compilers without libFuzzer: TARGET FILE|FOLDER...
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/fuzz_target.hpp"

namespace {

namespace fs = std::filesystem;

// As libFuzzer is told to allow, with leave for slow machines.
constexpr unsigned kSeconds = 20;
constexpr rlim_t kMemoryBytes = rlim_t{2} << 30U;

void limit_memory() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  rlimit const limit{kMemoryBytes, kMemoryBytes};
  setrlimit(RLIMIT_DATA, &limit);
#endif
}

extern "C" void too_slow(int) {
  constexpr char kMessage[] = "the input above takes too long\n";
  static_cast<void>(!write(STDERR_FILENO, kMessage, sizeof kMessage - 1));
  _exit(1);
}

std::vector<fs::path> files_of(fs::path const& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (auto const& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void replay(fs::path const& path) {
  std::printf("%s\n", path.c_str());
  std::fflush(stdout);
  std::ifstream file(path, std::ios::binary);
  distload::fuzz::expect(file.is_open(), "the file cannot be opened");
  std::string const content(std::istreambuf_iterator<char>(file), {});
  distload::fuzz::expect(!file.bad(), "the file cannot be read");
  alarm(kSeconds);
  distload::fuzz::run(std::as_bytes(std::span(content)));
  alarm(0);
}

}  // namespace

int main(int argc, char** argv) {
  limit_memory();
  std::signal(SIGALRM, too_slow);
  std::size_t count = 0;
  for (auto const* const argument : std::span(argv, static_cast<std::size_t>(argc)).subspan(1)) {
    for (auto const& path : files_of(argument)) {
      replay(path);
      ++count;
    }
  }
  distload::fuzz::expect(count > 0, "no files to replay");
}
