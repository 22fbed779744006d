// Builds the tree of all names, joins what is alike, and leaves out small rows beyond the limits.
#include "inspect/module_tree.hpp"

#include <algorithm>
#include <map>
#include <queue>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/text.hpp"
#include "checkpoint/packed_shape.hpp"
#include "inspect/name_parts.hpp"

namespace distload {
namespace {

/// A part of the names of the tensors in a range.
struct Node {
  NamePart part;
  std::uint32_t tensor = kNone;  ///< whose name ends here
  std::uint32_t example = 0;     ///< a tensor below, for the part's text
  std::uint32_t kind = 0;        ///< equal for equal modules
  std::vector<std::uint32_t> children;

  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
};

/// Orders names by their parts, numbers by value.
auto order_of(NamePart const& part, std::string_view name) {
  auto const stem = part.number ? part.stem : name.substr(part.begin, part.end - part.begin);
  return std::tuple(stem, part.number ? *part.number + 1 : 0);
}

class TreeBuilder {
 public:
  TreeBuilder(Catalog const& catalog, std::span<std::uint64_t const> damaged) : catalog_(catalog), damaged_(damaged) {
    nodes_.emplace_back();
    for (std::uint32_t tensor = 0; tensor < catalog.tensors.size(); ++tensor) add(tensor);
    sort_children();
    // Children follow their parents.
    for (auto node = static_cast<std::uint32_t>(nodes_.size()); node-- > 0;) nodes_[node].kind = kind_of(node);
  }

  TreeRow tree() const {
    TreeRow root;
    add_children(root, nodes_[0]);
    sum_up(root);
    return root;
  }

 private:
  std::string_view name_of_node(Node const& node) const {
    return std::string_view(catalog_.tensors[node.example].name)
        .substr(node.part.begin, node.part.end - node.part.begin);
  }

  std::uint64_t damaged(std::uint32_t tensor) const { return tensor < damaged_.size() ? damaged_[tensor] : 0; }

  void add(std::uint32_t tensor) {
    std::string_view const name = catalog_.tensors[tensor].name;
    std::uint32_t at = 0;
    for (auto const& part : name_parts(name)) {
      auto const [known, is_new] =
          child_of_.try_emplace({at, name.substr(part.begin, part.end - part.begin)}, nodes_.size());
      if (is_new) {
        nodes_[at].children.push_back(known->second);
        nodes_.push_back({part, Node::kNone, tensor, 0, {}});
      }
      at = known->second;
    }
    nodes_[at].tensor = tensor;
  }

  void sort_children() {
    auto const order = [&](std::uint32_t child) {
      auto const& node = nodes_[child];
      return order_of(node.part, catalog_.tensors[node.example].name);
    };
    for (auto& node : nodes_) std::ranges::sort(node.children, {}, order);
  }

  std::uint32_t kind_of(std::uint32_t index) {
    auto const& node = nodes_[index];
    std::string key;
    if (node.tensor != Node::kNone) {
      auto const& tensor = catalog_.tensors[node.tensor];
      key = std::string(name_of(tensor.dtype)) + to_string(tensor.shape) + std::to_string(damaged(node.tensor));
    }
    for (auto const child : node.children) {
      key += '\n';
      key += name_of_node(nodes_[child]);
      key += '\n' + std::to_string(nodes_[child].kind);
    }
    return kinds_.try_emplace(std::move(key), static_cast<std::uint32_t>(kinds_.size())).first->second;
  }

  void add_children(TreeRow& row, Node const& node) const {
    if (node.tensor != Node::kNone && !node.children.empty()) {
      auto& own = row.children.emplace_back();
      own.name = "(the tensor of this name)";
      own.copies = row.copies;
      fill_tensor(own, node.tensor);
    }
    std::map<std::pair<std::string_view, std::uint32_t>, std::size_t> group_of;
    std::vector<std::vector<std::uint32_t>> groups;
    for (auto const child : node.children) {
      auto const& part = nodes_[child].part;
      auto group = groups.size();
      if (part.number) group = group_of.try_emplace({part.stem, nodes_[child].kind}, group).first->second;
      if (group == groups.size()) groups.emplace_back();
      groups[group].push_back(child);
    }
    for (auto const& group : groups) row.children.push_back(row_of(group, row.copies));
  }

  TreeRow row_of(std::vector<std::uint32_t> const& group, std::uint64_t copies_above) const {
    auto const& first = nodes_[group.front()];
    TreeRow row;
    row.alike = group.size();
    row.copies = copies_above * row.alike;
    row.name = name_of_node(first);
    if (group.size() > 1) {
      std::vector<std::uint64_t> numbers;
      numbers.reserve(group.size());
      for (auto const child : group) numbers.push_back(*nodes_[child].part.number);
      row.name = std::string(first.part.stem) + ranges_text(numbers, kMostRanges);
    }
    if (first.tensor != Node::kNone && first.children.empty()) {
      fill_tensor(row, first.tensor);
      return row;
    }
    add_children(row, first);
    if (row.children.size() == 1) join_only_child(row, catalog_.tensors[first.example].name[first.part.end]);
    return row;
  }

  /// "q_proj" with nothing but "weight" is "q_proj.weight".
  static void join_only_child(TreeRow& row, char separator) {
    auto child = std::move(row.children.front());
    if (row.alike > 1 && child.alike > 1) {
      row.children.front() = std::move(child);
      return;
    }
    child.name = row.name + separator + child.name;
    child.alike *= row.alike;
    row = std::move(child);
  }

  void fill_tensor(TreeRow& row, std::uint32_t tensor) const {
    auto const& info = catalog_.tensors[tensor];
    row.is_tensor = true;
    row.shape = shape_in_numbers(info.dtype, info.shape);
    row.dtypes = {info.dtype};
    row.tensors = row.copies;
    row.nbytes = info.nbytes() * row.copies;
    row.damaged = damaged(tensor) * row.copies;
  }

  static void sum_up(TreeRow& row) {
    for (auto& child : row.children) {
      sum_up(child);
      row.tensors += child.tensors;
      row.nbytes += child.nbytes;
      row.damaged += child.damaged;
      row.dtypes.insert(row.dtypes.end(), child.dtypes.begin(), child.dtypes.end());
    }
    std::ranges::sort(row.dtypes);
    row.dtypes.erase(std::unique(row.dtypes.begin(), row.dtypes.end()), row.dtypes.end());
  }

  Catalog const& catalog_;
  std::span<std::uint64_t const> damaged_;
  std::vector<Node> nodes_;
  std::map<std::pair<std::uint32_t, std::string_view>, std::uint32_t> child_of_;
  std::map<std::string, std::uint32_t> kinds_;
};

/// Damaged rows come before large ones.
auto weight_of(TreeRow const& row) { return std::pair(row.damaged > 0, row.nbytes); }

void leave_out(TreeRow& row, std::size_t kept) {
  if (row.children.size() <= kept) return;
  std::vector<std::size_t> order(row.children.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t i) { return weight_of(row.children[i]); });
  for (auto i = kept; i < order.size(); ++i) {
    ++row.unlisted_rows;
    row.unlisted_tensors += row.children[order[i]].tensors;
    row.unlisted_bytes += row.children[order[i]].nbytes;
  }
  order.resize(kept);
  std::ranges::sort(order);
  std::vector<TreeRow> listed;
  listed.reserve(order.size());
  for (auto const i : order) listed.push_back(std::move(row.children[i]));
  row.children = std::move(listed);
}

void limit(TreeRow& root, TreeLimits const& limits) {
  auto const is_lighter = [](TreeRow const* a, TreeRow const* b) { return weight_of(*a) < weight_of(*b); };
  std::priority_queue<TreeRow*, std::vector<TreeRow*>, decltype(is_lighter)> open(is_lighter);
  open.push(&root);
  for (std::size_t left = limits.rows; !open.empty();) {
    auto& row = *open.top();
    open.pop();
    leave_out(row, std::min(limits.children, left));
    left -= row.children.size();
    for (auto& child : row.children) {
      if (!child.children.empty()) open.push(&child);
    }
  }
}

}  // namespace

TreeRow module_tree(Catalog const& catalog, std::span<std::uint64_t const> damaged, TreeLimits const& limits) {
  auto tree = TreeBuilder(catalog, damaged).tree();
  limit(tree, limits);
  return tree;
}

}  // namespace distload
