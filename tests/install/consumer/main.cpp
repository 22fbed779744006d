/// Uses the installed headers and library as a caller's program does.
#include <cstdio>
#include <cstdlib>

#include <distload/base/bytes.hpp>
#include <distload/version.hpp>

int main() {
  std::printf("distload %s\n", DISTLOAD_VERSION);
  return EXIT_SUCCESS;
}
