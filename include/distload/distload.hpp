/// The whole public library: load (Loader), redistribute (Redistributor), save (Saver), cut tensors (shard), compute
/// with what was loaded (layers and ParallelModel), and the job around them.
///
/// Lifetimes. Make objects in this order, and destroy them in the reverse order: MpiEnvironment, Watchdog, Kokkos
/// (Kokkos::ScopeGuard), ProcessGrid, Loader, Redistributor and Saver. A ShardedModel may outlive Loader and
/// ProcessGrid, but not Kokkos. Layers and ParallelModel refer to the memory of their model and to the groups of their
/// grid. ~Saver waits for its save; the communicator given to Saver::save_async lives until Saver::wait, while the
/// model may change as soon as save_async returns. Views of a ShardedModel are valid as long as the model lives, also
/// after Loader::reload.
///
/// Collective calls. Functions that are documented as collective are called by all ranks of the named group, in the
/// same order, with equal options. A failure on one rank becomes the same exception on all of them.
///
/// Threads. One thread of a process at a time is inside a collective member of Loader or Saver; another one that enters
/// gets a ConfigError. Free functions that are local or pure, and const members of ShardedModel and Catalog, may be
/// called by any thread. ProgressSink is called by threads of the library.
///
/// MPI and Kokkos. MpiEnvironment initializes MPI unless the program has, and finalizes it only if it initialized it.
/// The program initializes Kokkos after MPI and finalizes it before. Models and messages of a CUDA build are in device
/// memory.
///
/// Errors. The library throws exceptions derived from distload::Error; wrong use is a ConfigError. The standard library
/// and Kokkos may throw their own, e.g. if memory is exhausted.
#pragma once

#include <distload/base/choices.hpp>
#include <distload/base/error.hpp>
#include <distload/checkpoint/checkpoint.hpp>
#include <distload/config/config.hpp>
#include <distload/config/parse_config.hpp>
#include <distload/config/validate.hpp>
#include <distload/infer/parallel_model.hpp>
#include <distload/layers/attention.hpp>
#include <distload/layers/embedding.hpp>
#include <distload/layers/experts.hpp>
#include <distload/layers/linear.hpp>
#include <distload/layers/mlp.hpp>
#include <distload/layers/norm.hpp>
#include <distload/layers/rotary.hpp>
#include <distload/load/loader.hpp>
#include <distload/load/report.hpp>
#include <distload/load/shard.hpp>
#include <distload/load/sharded_model.hpp>
#include <distload/parallel/mpi_environment.hpp>
#include <distload/parallel/process_grid.hpp>
#include <distload/parallel/resolve_topology.hpp>
#include <distload/parallel/watchdog.hpp>
#include <distload/plan/load_plan.hpp>
#include <distload/redistribute/redistribute_report.hpp>
#include <distload/redistribute/redistributor.hpp>
#include <distload/save/save_report.hpp>
#include <distload/save/saver.hpp>
#include <distload/version.hpp>
