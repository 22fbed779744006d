/// seconds_since_launch: how long ago the launcher of this process has started.
#pragma once

namespace distload {

/// Local: the age of the outermost of this process's ancestors that is a launcher (mpirun, srun, ...), or else of this
/// process; to 10 ms. 0 if the system does not say.
double seconds_since_launch();

}  // namespace distload
