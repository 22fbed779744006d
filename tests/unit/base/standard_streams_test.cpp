// What is printed is not lost in silence, and ends up in no other file. Each case in a process of its own.
#include "base/standard_streams.hpp"

#include <csignal>
#include <cstdio>
#include <functional>
#include <string>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <distload/base/error.hpp>

#include "base/system.hpp"

namespace distload {
namespace {

/// The message of what `body` throws in a process of its own; empty if it throws nothing.
std::string message_of(std::function<void()> const& body) {
  int ends[2] = {-1, -1};
  if (::pipe(ends) != 0) return "no pipe";
  std::fflush(stdout);
  auto const child = ::fork();
  if (child == 0) {
    auto const out = ::fcntl(ends[1], F_DUPFD, 100);
    try {
      body();
    } catch (Error const& error) {
      std::string const text = error.what();
      static_cast<void>(!::write(out, text.data(), text.size()));
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string message;
  char buffer[256];
  for (ssize_t count = 0; (count = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    message.append(buffer, static_cast<std::size_t>(count));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? message : "ended by signal " + std::to_string(WTERMSIG(status));
}

void use_as_stdout(char const* path) { ::dup2(::open(path, O_WRONLY), STDOUT_FILENO); }

TEST(StandardStreams, TakeWhatIsPrinted) {
  EXPECT_EQ(message_of([] {
              use_as_stdout("/dev/null");
              protect_standard_streams();
              print("text");
              check_output();
            }),
            "");
}

TEST(StandardStreams, TellOfAFullStdout) {
  EXPECT_EQ(message_of([] {
              use_as_stdout("/dev/full");
              protect_standard_streams();
              print("text");
              check_output();
            }),
            "cannot write the results to stdout: No space left on device");
}

TEST(StandardStreams, TellOfWhatOthersHavePrinted) {
  EXPECT_EQ(message_of([] {
              use_as_stdout("/dev/full");
              protect_standard_streams();
              std::fputs("text", stdout);
              check_output();
            }),
            "cannot write the results to stdout: No space left on device");
}

TEST(StandardStreams, TellOfAClosedStdoutOnlyIfThereIsSomethingToSay) {
  auto const closed = [](char const* text) {
    return message_of([text] {
      ::close(STDOUT_FILENO);
      protect_standard_streams();
      print(text);
      check_output();
    });
  };
  EXPECT_EQ(closed("text"), "cannot write the results to stdout: it is closed");
  EXPECT_EQ(closed(""), "");
}

TEST(StandardStreams, KeepTheirNumbersFromFiles) {
  EXPECT_EQ(message_of([] {
              for (int const stream : {0, 1, 2}) ::close(stream);
              protect_standard_streams();
              if (::open("/dev/null", O_RDONLY) <= STDERR_FILENO) throw IoError("a file has become a standard stream");
            }),
            "");
}

TEST(StandardStreams, SurviveAPipeThatNobodyReads) {
  EXPECT_EQ(message_of([] {
              int ends[2] = {-1, -1};
              if (::pipe(ends) != 0) return;
              ::dup2(ends[1], STDOUT_FILENO);
              ::close(ends[0]);
              protect_standard_streams();
              print("text");
              check_output();
            }),
            "cannot write the results to stdout: Broken pipe");
}

TEST(StandardStreams, SurviveTheLimitOfFileSizesAndNameIt) {
  EXPECT_EQ(message_of([] {
              rlimit const limit{1024, RLIM_INFINITY};
              ::setrlimit(RLIMIT_FSIZE, &limit);
              ::dup2(::open("/tmp", O_TMPFILE | O_WRONLY, 0600), STDOUT_FILENO);
              protect_standard_streams();
              print(std::string(4096, 'x'));
              check_output();
            }),
            "cannot write the results to stdout: File too large (the file size limit, ulimit -f, is 1 KiB)");
}

}  // namespace
}  // namespace distload
