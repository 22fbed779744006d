/// Which host each rank of the job is on, for messages.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <mpi.h>

namespace distload {

/// Local: from now on `name_of_rank` knows the hosts of all ranks of the job, ordered by rank; empty: it forgets them.
void set_job_hosts(std::vector<std::string> hosts);

/// Local: "rank 3 on n2", or "rank 3" where the host is not known.
std::string name_of_rank(std::uint32_t job_rank);

/// Local: the same for a rank of a group; the number is that in the whole job.
std::string name_of_rank(MPI_Comm group, std::uint32_t rank);

/// Local: as describe_ranks, for ranks of a group.
std::string describe_ranks(MPI_Comm group, std::vector<std::uint32_t> const& ranks);

/// "rank 3 on n2", "ranks 0-2, 5 on n1" or "ranks 0-1022 on 128 hosts". `ranks` are numbers in the job, sorted and not
/// empty; `hosts` theirs, "" where unknown.
std::string describe_ranks(std::vector<std::uint32_t> const& ranks, std::vector<std::string> const& hosts);

}  // namespace distload
