// fork, exec, and two pipes.
#include "bench/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>

#include <distload/base/error.hpp>

#include "base/system.hpp"

namespace distload {
namespace {

constexpr int kNotFound = 127;

struct Pipe {
  int reading = -1;
  int writing = -1;
};

[[noreturn]] void refuse(char const* what) {
  throw IoError(std::string("cannot start a process: ") + what + ": " + system_reason());
}

Pipe open_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) refuse("pipe2");
  return {ends[0], ends[1]};
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// In the child, where only system calls are allowed.
[[noreturn]] void become(char* const* command, char* const* environment, int output, int errors) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  auto const nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(nothing, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::signal(SIGPIPE, SIG_DFL);
  std::signal(SIGXFSZ, SIG_DFL);
  execvpe(command[0], command, environment);
  dprintf(STDERR_FILENO, "%s: %s", command[0], strerrordesc_np(errno));
  _exit(kNotFound);
}

/// Appends what can be read. @returns false at the end.
bool read_some(int descriptor, std::string& text) {
  std::array<char, 4096> buffer{};
  auto const count = read(descriptor, buffer.data(), buffer.size());
  if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0 || (count < 0 && errno == EINTR);
}

/// Reads both until they end, asleep meanwhile.
void read_both(int output, int errors, ChildResult& result) {
  std::array<pollfd, 2> ends{pollfd{output, POLLIN, 0}, pollfd{errors, POLLIN, 0}};
  std::array<std::string*, 2> const texts{&result.output, &result.errors};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    if (poll(ends.data(), ends.size(), -1) < 0 && errno != EINTR) refuse("poll");
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (ends.at(i).fd >= 0 && ends.at(i).revents != 0 && !read_some(ends.at(i).fd, *texts.at(i))) ends.at(i).fd = -1;
    }
  }
}

}  // namespace

ChildResult run_child(std::vector<std::string> command, std::vector<std::string> environment) {
  auto const words = pointers_to(command);
  auto const variables = pointers_to(environment);
  auto const output = open_pipe();
  auto const errors = open_pipe();
  auto const child = fork();
  if (child < 0) refuse("fork");
  if (child == 0) become(words.data(), variables.data(), output.writing, errors.writing);
  close(output.writing);
  close(errors.writing);
  ChildResult result;
  read_both(output.reading, errors.reading, result);
  close(output.reading);
  close(errors.reading);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) refuse("waitpid");
  }
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace distload
