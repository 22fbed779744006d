// A table of host names that the environment fills.
#include "parallel/job_hosts.hpp"

#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

namespace distload {
namespace {

struct Table {
  std::mutex mutex;
  std::vector<std::string> hosts;
};

Table& table() {
  static Table the_table;
  return the_table;
}

/// Larger numbers of hosts are counted instead of listed.
constexpr std::size_t kMostHostsNamed = 3;

std::string host_of_rank(std::uint32_t job_rank) {
  auto& known = table();
  std::lock_guard const lock(known.mutex);
  return job_rank < known.hosts.size() ? known.hosts[job_rank] : "";
}

/// The rank's number in the job; its number in the group if MPI does not report it.
std::uint32_t job_rank_of(MPI_Comm group, std::uint32_t rank) {
  MPI_Group own = MPI_GROUP_NULL;
  MPI_Group all = MPI_GROUP_NULL;
  auto const in_group = static_cast<int>(rank);
  int in_job = MPI_UNDEFINED;
  // Used in messages of other errors: on failure the message lacks this information.
  if (MPI_Comm_group(group, &own) == MPI_SUCCESS && MPI_Comm_group(MPI_COMM_WORLD, &all) == MPI_SUCCESS)
    MPI_Group_translate_ranks(own, 1, &in_group, all, &in_job);
  if (own != MPI_GROUP_NULL) MPI_Group_free(&own);
  if (all != MPI_GROUP_NULL) MPI_Group_free(&all);
  return in_job == MPI_UNDEFINED ? rank : static_cast<std::uint32_t>(in_job);
}

}  // namespace

void set_job_hosts(std::vector<std::string> hosts) {
  auto& known = table();
  std::lock_guard const lock(known.mutex);
  known.hosts = std::move(hosts);
}

std::string name_of_rank(std::uint32_t job_rank) {
  auto const host = host_of_rank(job_rank);
  return "rank " + std::to_string(job_rank) + (host.empty() ? "" : " on " + host);
}

std::string name_of_rank(MPI_Comm group, std::uint32_t rank) { return name_of_rank(job_rank_of(group, rank)); }

std::string describe_ranks(MPI_Comm group, std::vector<std::uint32_t> const& ranks) {
  std::vector<std::uint32_t> in_job;
  in_job.reserve(ranks.size());
  for (auto const rank : ranks) in_job.push_back(job_rank_of(group, rank));
  std::ranges::sort(in_job);
  std::vector<std::string> hosts;
  hosts.reserve(in_job.size());
  for (auto const rank : in_job) hosts.push_back(host_of_rank(rank));
  return describe_ranks(in_job, hosts);
}

std::string describe_ranks(std::vector<std::uint32_t> const& ranks, std::vector<std::string> const& hosts) {
  std::string text = ranks.size() == 1 ? "rank " : "ranks ";
  for (std::size_t i = 0; i < ranks.size();) {
    std::size_t last = i;
    while (last + 1 < ranks.size() && ranks[last + 1] == ranks[last] + 1) ++last;
    if (i > 0) text += ", ";
    text += std::to_string(ranks[i]);
    if (last > i) text += "-" + std::to_string(ranks[last]);
    i = last + 1;
  }
  std::set<std::string> names(hosts.begin(), hosts.end());
  names.erase("");
  if (names.empty()) return text;
  if (names.size() > kMostHostsNamed) return text + " on " + std::to_string(names.size()) + " hosts";
  char const* separator = " on ";
  for (auto const& name : names) text += std::exchange(separator, ", ") + name;
  return text;
}

}  // namespace distload
