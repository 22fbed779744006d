/// The host of each rank of the job, for messages.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <mpi.h>

namespace distload {

/// Local: sets the hosts of all ranks of the job, ordered by rank, for `name_of_rank`; an empty list clears them.
void set_job_hosts(std::vector<std::string> hosts);

/// Local: "rank 3 on n2", or "rank 3" if the host is not known.
std::string name_of_rank(std::uint32_t job_rank);

/// Local: the same for a rank of a group; the message has its number in the job.
std::string name_of_rank(MPI_Comm group, std::uint32_t rank);

/// Local: as describe_ranks below, for ranks of a group.
std::string describe_ranks(MPI_Comm group, std::vector<std::uint32_t> const& ranks);

/// "rank 3 on n2", "ranks 0-2, 5 on n1" or "ranks 0-1022 on 128 hosts". `ranks` are numbers in the job, sorted and not
/// empty; `hosts` are their hosts, "" if unknown.
std::string describe_ranks(std::vector<std::uint32_t> const& ranks, std::vector<std::string> const& hosts);

}  // namespace distload
