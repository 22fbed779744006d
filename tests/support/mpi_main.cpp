// The main function of tests that run under mpirun: a test fails if it fails on any rank.
#include <cstdio>
#include <cstdlib>
#include <string>

#include <gmock/gmock.h>
#include <mpi.h>

#include "support/kokkos_scope.hpp"
#include "support/skip_all.hpp"

namespace {

/// The output of ranks above 0: only failures, so that the output resembles that of one process.
class FailurePrinter : public testing::EmptyTestEventListener {
 public:
  explicit FailurePrinter(int rank) : rank_(rank) {}

  void OnTestStart(testing::TestInfo const& test) override {
    test_ = std::string(test.test_suite_name()) + "." + test.name();
  }

  void OnTestPartResult(testing::TestPartResult const& result) override {
    if (!result.failed()) return;
    std::fprintf(stderr, "rank %d: %s: %s:%d: %s\n", rank_, test_.c_str(),
                 result.file_name() != nullptr ? result.file_name() : "", result.line_number(), result.message());
  }

 private:
  int rank_;
  std::string test_;
};

int run_tests_on_all_ranks() {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank != 0) {
    auto& listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new FailurePrinter(rank));
  }
  int const failed_here = RUN_ALL_TESTS();
  int failed_anywhere = 0;
  MPI_Allreduce(&failed_here, &failed_anywhere, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  return failed_anywhere;
}

}  // namespace

int main(int argc, char** argv) {
  // As the program does: Open MPI's own MPI-IO component loses errors and bytes.
  setenv("OMPI_MCA_io", "romio321", 0);
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  if (provided != MPI_THREAD_MULTIPLE) {
    std::fprintf(stderr, "MPI does not support MPI_THREAD_MULTIPLE\n");
    MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
  }
  testing::InitGoogleMock(&argc, argv);
  int status = EXIT_FAILURE;
  {
    distload::testing::KokkosScope const kokkos(argc, argv);
    distload::testing::SkipAll::because(kokkos.why_not_started());
    status = run_tests_on_all_ranks();
  }
  MPI_Finalize();
  return status;
}
