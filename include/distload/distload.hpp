/// All of distload's library: load (Loader), save (Saver), cut tensors (shard), and what a job needs around them.
///
/// Order of life. MpiEnvironment comes first and goes last, then Kokkos (Kokkos::ScopeGuard), ProcessGrid, Loader and
/// Saver; a ShardedModel goes before Kokkos does, and a Saver before its ranks. Saver::save_async wants its `ranks` to
/// stay until Saver::wait; the model may change as soon as it has returned.
///
/// Collective calls. All members of Loader, and those of Saver that say so, are called by all ranks of the grid, in the
/// same order, by one thread of each; a failure on one rank is the same exception on all. Two loaders of one process
/// are used one after the other, not by two threads at a time.
#pragma once

#include <distload/base/choices.hpp>
#include <distload/base/error.hpp>
#include <distload/config/config.hpp>
#include <distload/config/parse_config.hpp>
#include <distload/config/validate.hpp>
#include <distload/load/loader.hpp>
#include <distload/load/report.hpp>
#include <distload/load/shard.hpp>
#include <distload/load/sharded_model.hpp>
#include <distload/parallel/mpi_environment.hpp>
#include <distload/parallel/process_grid.hpp>
#include <distload/parallel/watchdog.hpp>
#include <distload/plan/make_plan.hpp>
#include <distload/save/save_report.hpp>
#include <distload/save/saver.hpp>
#include <distload/version.hpp>
