// The hash is XXH3-64 with seed 0, however the bytes arrive.
#include "base/hash.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace distload {
namespace {

TEST(Xxh3, HasTheReferenceValueOfNoBytes) { EXPECT_EQ(format_hash(xxh3_64({})), "2d06800538d394c2"); }

TEST(StreamHash, EqualsTheHashOfTheWhole) {
  std::vector<std::byte> bytes(1000003);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 31 >> 3U);
  StreamHash stream;
  for (std::size_t const step : {1U, 64U, 1000U, 262144U}) {
    stream.reset();
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      stream.update(std::span(bytes).subspan(at, std::min(step, bytes.size() - at)));
    }
    EXPECT_EQ(stream.digest(), xxh3_64(bytes)) << step;
  }
}

TEST(FormatHash, KeepsLeadingZeros) { EXPECT_EQ(format_hash(0xABC), "0000000000000abc"); }

}  // namespace
}  // namespace distload
