// Visits groups and datasets.
#include "checkpoint/hdf5/walk.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "checkpoint/hdf5/attribute.hpp"
#include "checkpoint/hdf5/dataset.hpp"
#include "checkpoint/hdf5/dataspace.hpp"
#include "checkpoint/hdf5/element_type.hpp"
#include "checkpoint/hdf5/extents.hpp"
#include "checkpoint/hdf5/format.hpp"
#include "checkpoint/hdf5/group.hpp"

namespace distload::hdf5 {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kShownSkipped = 20;

class Walker {
 public:
  Walker(NonTensors non_tensors, Catalog& catalog) : non_tensors_(non_tensors), catalog_(&catalog) {}

  void start_at(GroupView group) {
    visited_.emplace(address_of(group), "");
    visit_group(group, "", 0);
    if (skipped_ <= kShownSkipped) return;
    catalog_->warnings.push_back(file() + ": " + std::to_string(skipped_ - kShownSkipped) +
                                 " more objects that are no tensors; skipped");
  }

 private:
  void visit_group(GroupView group, std::string const& prefix, int depth) {
    if (depth > kMaxDepth)
      throw NoValidCheckpoint(file() + ": groups are nested more than 64 deep at " + printable(prefix));
    for (auto const& link : links_of(group)) {
      auto const name = prefix + link.name;
      if (link.kind == ObjectKind::elsewhere) {
        warn(name, "is a link to elsewhere");
      } else if (link.kind != ObjectKind::other && !is_first_visit(link, name)) {
        continue;
      } else if (link.kind == ObjectKind::group) {
        visit_group(open_group(group, link.name).view(), name + ".", depth + 1);
      } else if (link.kind == ObjectKind::dataset) {
        visit_dataset(open_dataset(group, link.name), name);
      }
    }
  }

  std::string const& file() const { return catalog_->files.front().path; }

  void warn(std::string const& name, std::string const& what) {
    if (++skipped_ <= kShownSkipped) {
      catalog_->warnings.push_back(file() + ": '" + printable(name) + "' " + what + "; skipped");
    }
  }

  bool is_first_visit(Link const& link, std::string const& name) {
    auto const [first, inserted] = visited_.emplace(link.address, name);
    if (!inserted && link.kind == ObjectKind::dataset)
      warn(name, "is another name of '" + printable(first->second) + "'");
    return inserted;
  }

  void visit_dataset(Dataset const& dataset, std::string const& name) {
    auto const where = file() + ": tensor '" + printable(name) + "'";
    auto const type = element_type_of(type_of(dataset.view()).view());
    auto const space = space_of(dataset.view());
    if (!type.dtype)
      return refuse_or_skip(type.is_number, where, name, "has elements that distload cannot load: " + type.problem);
    if (is_null(space.view())) return refuse_or_skip(false, where, name, "has no shape and no elements");
    if (axes_of(space.view()) > static_cast<int>(kMaxAxes)) {
      return refuse_or_skip(true, where, name, "has more than 8 axes");
    }
    TensorInfo tensor;
    tensor.name = name;
    tensor.dtype = *type.dtype;
    tensor.shape = shape_of(space.view());
    tensor.partition = get_text(dataset.view().id(), kPartition).value_or("");
    tensor.axis = static_cast<std::int32_t>(get_signed(dataset.view().id(), kAxis).value_or(-1));
    auto extents = extents_of(dataset.view(), tensor.dtype, tensor.shape, where);
    tensor.first_extent = static_cast<std::uint32_t>(catalog_->extents.size());
    tensor.extent_count = static_cast<std::uint32_t>(extents.size());
    for (auto& extent : extents) {
      extent.tensor = static_cast<std::uint32_t>(catalog_->tensors.size());
      catalog_->extents.push_back(extent);
    }
    catalog_->tensors.push_back(std::move(tensor));
  }

  void refuse_or_skip(bool is_number, std::string const& where, std::string const& name, std::string const& problem) {
    if (is_number || non_tensors_ == NonTensors::refuse) throw NoValidCheckpoint(where + " " + problem);
    warn(name, problem);
  }

  NonTensors non_tensors_;
  Catalog* catalog_;
  std::map<std::uint64_t, std::string> visited_;
  std::size_t skipped_ = 0;
};

/// Sorts the tensors: groups are visited in the order of their links, in which "a.b" and "a/b" need not be neighbours.
void sort_by_name(Catalog& catalog) {
  std::vector<std::uint32_t> order(catalog.tensors.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](auto a, auto b) { return catalog.tensors[a].name < catalog.tensors[b].name; });
  std::vector<TensorInfo> tensors;
  std::vector<Extent> extents;
  tensors.reserve(catalog.tensors.size());
  extents.reserve(catalog.extents.size());
  for (auto const old : order) {
    auto tensor = std::move(catalog.tensors[old]);
    auto const first = catalog.extents.begin() + tensor.first_extent;
    tensor.first_extent = static_cast<std::uint32_t>(extents.size());
    extents.insert(extents.end(), first, first + tensor.extent_count);
    for (auto i = extents.end() - tensor.extent_count; i != extents.end(); ++i) {
      i->tensor = static_cast<std::uint32_t>(tensors.size());
    }
    tensors.push_back(std::move(tensor));
  }
  catalog.tensors = std::move(tensors);
  catalog.extents = std::move(extents);
}

}  // namespace

void walk(GroupView group, NonTensors non_tensors, Catalog& catalog) {
  Walker(non_tensors, catalog).start_at(group);
  sort_by_name(catalog);
}

}  // namespace distload::hdf5
