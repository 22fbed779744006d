// The entry that libFuzzer calls.
#include "fuzz/fuzz_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  distload::fuzz::run(std::as_bytes(std::span(data, size)));
  return 0;
}
