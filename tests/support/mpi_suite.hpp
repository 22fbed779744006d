/// MpiSuite: base of test fixtures that need an MpiEnvironment, which exists while the tests of a suite run.
#pragma once

#include <memory>

#include <gtest/gtest.h>

#include <distload/parallel/mpi_environment.hpp>

namespace distload {

class MpiSuite : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { mpi_ = std::make_unique<MpiEnvironment>(); }
  static void TearDownTestSuite() {
    mpi_->finalize();
    mpi_.reset();
  }
  static Communicator& ranks() { return mpi_->world(); }

  inline static std::unique_ptr<MpiEnvironment> mpi_;  // NOLINT(*-non-const-global-variables)
};

}  // namespace distload
