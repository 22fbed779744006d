/// run_interruptible: long calls of the library, which Ctrl-C ends for the caller.
#pragma once

#include <functional>

namespace distload::python {

/// Runs `work` on the process' worker thread, without the interpreter's lock, and returns when it is done. Works of
/// several callers run one after the other.
///
/// If a signal handler raises an exception meanwhile, as that of Ctrl-C does, the call raises it at once. The work
/// itself cannot be ended, since other ranks take part in it: it goes on, so that it must own all it uses, and the
/// next call waits until it has ended.
/// @throws what `work` throws.
void run_interruptible(std::function<void()> work);

/// True in the worker's thread.
bool is_worker_thread();

/// False while a work that nobody waits for goes on.
bool worker_is_idle();

/// Waits for the worker thread's end.
void end_worker();

}  // namespace distload::python
