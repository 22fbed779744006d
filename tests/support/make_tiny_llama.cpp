// make_tiny_llama DIRECTORY: writes the test model, a small llama, as a Hugging Face directory.
#include <cstdio>
#include <filesystem>

#include "support/tiny_llama.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_tiny_llama DIRECTORY\n");
    return 2;
  }
  std::filesystem::create_directories(argv[1]);
  distload::testing::write_tiny_llama(argv[1]);
  return 0;
}
