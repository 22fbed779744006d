/// SkipAll: skips every test of a program.
#pragma once

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace distload::testing {

/// An environment of GoogleTest, which runs no test if the set-up of an environment is skipped.
class SkipAll : public ::testing::Environment {
 public:
  explicit SkipAll(std::string reason) : reason_(std::move(reason)) {}
  void SetUp() override { GTEST_SKIP() << reason_; }

  /// Skips all tests unless `reason` is empty.
  static void because(std::string const& reason) {
    if (!reason.empty()) ::testing::AddGlobalTestEnvironment(new SkipAll(reason));
  }

 private:
  std::string reason_;
};

}  // namespace distload::testing
