// What is decided once for all parameters that are alike: who wants which segments, in which pieces they are read, and
// what of a piece goes where.
#include <algorithm>

#include "plan/planner.hpp"

namespace distload {

Planner::Kind& Planner::kind_of(std::uint32_t index) {
  if (auto const known = kinds_.find(index); known != kinds_.end()) return known->second;
  auto const& parameter = layout_.parameters[index];
  auto const& tensor = catalog_.tensors[parameter.tensor];
  Kind empty{Holders(parameter, tensor.shape, topology_),    {}, {}, {},
             static_cast<std::uint32_t>(plan_.kinds.size()), {}, {}, {}};
  auto& kind = kinds_.emplace(index, std::move(empty)).first->second;
  auto& planned = plan_.kinds.emplace_back();
  if (auto const group = kind.holders.group_of(rank_)) {
    kind.own_layout = std::make_shared<ShardLayout const>(kind.holders.groups()[*group].layout);
  }
  kind.whole.resize(kind.holders.groups().size());
  if (tensor.nbytes() == 0) return kind;
  for (auto const& extent : catalog_.extents_of(tensor)) kind.wants.push_back(kind.holders.wants_in(extent.box));
  auto const at = context_of(index, kind);
  kind.whole = whole_in_file(at);
  kind.jobs = jobs_of(at, planned);
  kind.tasks = tasks_of(at);
  return kind;
}

std::vector<Planner::Job> Planner::jobs_of(Context const& at, PlannedParameter& planned) const {
  std::vector<Job> jobs;
  auto const extents = catalog_.extents_of(at.tensor);
  for (std::uint32_t extent = 0; extent < extents.size(); ++extent) {
    for (auto& segment : segments_of(extents[extent], at.wants_of(extent), at.element_bytes, catalog_.block_bytes)) {
      auto const shared = shared_read(at, extent, segment);
      bool const scatters = can_scatter(at, extent, segment, shared);
      auto const strategy = strategy_of(at, extent, segment, shared, scatters);
      if (shared.nbytes > planned.shared.nbytes ||
          (planned.strategy == Strategy::straight && strategy != Strategy::straight)) {
        planned = {strategy, shared};
      }
      if (strategy == Strategy::every_rank_reads) {
        for (auto const group : groups_of(at, extent, segment)) {
          for (std::uint32_t number = 0; number < at.holders.rank_count(group); ++number) {
            jobs.push_back({extent, segment, strategy, Member{group, number}});
          }
        }
      } else if (strategy == Strategy::straight) {
        auto const group = at.wants_of(extent)[segment.wants.front()].group;
        jobs.push_back({extent, std::move(segment), strategy, Member{group, 0}});
      } else {
        jobs.push_back({extent, std::move(segment), strategy, std::nullopt, scatters});
      }
    }
  }
  return jobs;
}

Strategy Planner::strategy_of(Context const& at, std::uint32_t extent, Segment const& segment, SharedRead const& shared,
                              bool scatters) const {
  if (shared.readers == 1) {
    // What goes to its shard in one run is read there, if it is not a view.
    Job const alone{extent, segment, Strategy::straight, Member{at.wants_of(extent)[segment.wants.front()].group, 0}};
    if (reads_straight(at, alone)) return Strategy::straight;
    if (scatters) return Strategy::scatter;
  }
  if (scatters && (options_.files_are_mapped || one_node_)) return Strategy::scatter;
  return options_.files_are_mapped ? Strategy::mapped : choose_strategy(shared, options_.cost);
}

std::vector<std::uint32_t> Planner::groups_of(Context const& at, std::uint32_t extent, Segment const& segment) const {
  std::vector<std::uint32_t> groups;
  for (auto const want : segment.wants) groups.push_back(at.wants_of(extent)[want].group);
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups;
}

SharedRead Planner::shared_read(Context const& at, std::uint32_t extent, Segment const& segment) const {
  SharedRead shared;
  shared.nbytes = segment.nbytes();
  shared.pieces = divide_up(segment.nbytes(), catalog_.block_bytes);
  for (auto const index : segment.wants) {
    auto const& want = at.wants_of(extent)[index];
    // A want that reaches beyond the segment counts with what can lie inside.
    auto const most = std::min(volume(want.box) * at.element_bytes, segment.nbytes());
    shared.wanted_bytes += at.holders.rank_count(want.group) * most;
  }
  shared.readers = 0;
  for (auto const group : groups_of(at, extent, segment)) shared.readers += at.holders.rank_count(group);
  shared.reread_bytes = shared.readers * segment.nbytes();
  shared.wanted_bytes = std::min(shared.wanted_bytes, shared.reread_bytes);
  return shared;
}

bool Planner::reads_straight(Context const& at, Job const& job) const {
  if (!options_.arena_on_host || !job.alone || job.segment.wants.size() != 1) return false;
  auto const shares = shares_of(at, job, {0, job.segment.begin_bytes, job.segment.end_bytes, 0, {}, {}});
  return shares.size() == 1 && shares.front().arena_run.has_value();
}

std::vector<Planner::Task> Planner::tasks_of(Context const& at) const {
  auto const& jobs = at.kind.jobs;
  auto const extents = catalog_.extents_of(at.tensor);
  std::vector<Task> tasks;
  std::vector<std::uint32_t> pieces(extents.size(), 0);
  auto const add = [&](std::uint32_t index, Bytes begin, Bytes end) {
    auto const& job = jobs[index];
    Task task{index, begin, end, pieces[job.extent]++, {}, {}};
    if (job.strategy != Strategy::mapped) task.shares = shares_of(at, job, task);
    if (!options_.files_are_mapped) task.received = received_of(at, job, task.shares);
    tasks.push_back(std::move(task));
  };
  for (std::uint32_t index = 0; index < jobs.size(); ++index) {
    auto const& job = jobs[index];
    if (reads_straight(at, job)) {
      add(index, job.segment.begin_bytes, job.segment.end_bytes);
      continue;
    }
    auto const boundaries = cut_into_pieces(extents[job.extent], job.segment.begin_bytes, job.segment.end_bytes,
                                            at.element_bytes, catalog_.block_bytes);
    for (std::size_t i = 0; i + 1 < boundaries.size(); ++i) add(index, boundaries[i], boundaries[i + 1]);
  }
  // Round robin over the extents: their readers differ, and each wave shall keep all of them busy.
  if (extents.size() > 1) {
    std::stable_sort(tasks.begin(), tasks.end(), [](Task const& a, Task const& b) { return a.ordinal < b.ordinal; });
  }
  return tasks;
}

std::vector<Planner::Received> Planner::received_of(Context const& at, Job const& job,
                                                    std::span<Share const> shares) const {
  if (job.alone) return {};
  std::vector<Received> received;
  for (auto const& share : shares) {
    auto const group = at.wants_of(job.extent)[share.want].group;
    // Only parameters of several sections name a group more than once.
    auto const known = std::ranges::find(received, group, &Received::group);
    if (known == received.end()) {
      received.push_back({group, share.packed_bytes()});
    } else {
      known->packed_bytes += share.packed_bytes();
    }
  }
  return received;
}

}  // namespace distload
