// Gathers outputs and finds the first that differs.
#include "infer/compare.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include <distload/base/error.hpp>

#include "base/wire.hpp"

namespace distload {
namespace {

void put(WireWriter& out, HostOutput const& output) {
  out.put_text(output.name);
  out.put(output.width);
  out.put_all(output.numbers);
  out.put(output.parameters.size());
  for (auto const& name : output.parameters) out.put_text(name);
  out.put_all(output.ranks);
}

HostOutput get(WireReader& in) {
  HostOutput output;
  output.name = in.get_text();
  output.width = in.get<std::uint64_t>();
  output.numbers = in.get_all<float>();
  auto const count = in.get_count(WireReader::kTextBytes);
  for (std::size_t i = 0; i < count; ++i) output.parameters.push_back(in.get_text());
  output.ranks = in.get_all<std::uint32_t>();
  return output;
}

std::uint64_t count_not_finite(HostOutput const& output) {
  auto const count = std::ranges::count_if(output.numbers, [](float x) { return !std::isfinite(x); });
  return static_cast<std::uint64_t>(count);
}

}  // namespace

OutputSink OutputCollector::sink() {
  return [this](LayerOutput const& output) {
    if (!keeps_all_) std::erase_if(outputs_, [](HostOutput const& earlier) { return count_not_finite(earlier) == 0; });
    auto const copy = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), output.numbers);
    outputs_.push_back(
        {output.name, copy.extent(1), {copy.data(), copy.data() + copy.size()}, output.parameters, ranks_});
  };
}

std::vector<HostOutput> gather_outputs_of(Communicator& world, std::vector<HostOutput> const& outputs) {
  WireWriter out;
  for (auto const& output : outputs) put(out, output);
  auto const message = out.take();
  std::vector<HostOutput> all;
  for (auto const& bytes : gather_messages(world, message, 0)) {
    for (WireReader in(bytes); !in.at_end();) all.push_back(get(in));
  }
  return all;
}

Difference difference_of(std::span<float const> found, std::span<float const> reference) {
  Difference difference;
  if (found.size() != reference.size()) return {false, std::numeric_limits<double>::infinity(), 0, false};
  difference.same_bits = std::memcmp(found.data(), reference.data(), found.size_bytes()) == 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    auto const a = static_cast<double>(found[i]);
    auto const b = static_cast<double>(reference[i]);
    if (std::isfinite(b)) difference.magnitude = std::max(difference.magnitude, std::abs(b));
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    auto const size = std::abs(a - b);
    difference.largest =
        std::max(difference.largest, std::isnan(size) ? std::numeric_limits<double>::infinity() : size);
  }
  return difference;
}

void check_finite(std::vector<HostOutput> const& outputs) {
  for (auto const& output : outputs) {
    auto const count = count_not_finite(output);
    if (count == 0) continue;
    throw CorruptData(
        output.name + " has " + std::to_string(count) +
        " numbers that are NaN or infinite, as the first of all outputs, although the weights are finite");
  }
}

double equal_largest(std::span<float const> found, std::span<float const> reference, std::uint64_t width) {
  if (width == 0 || found.size() != reference.size()) return 0;
  std::uint64_t equal = 0;
  auto const rows = found.size() / width;
  for (std::uint64_t row = 0; row < rows; ++row) {
    auto const place = [&](std::span<float const> numbers) {
      auto const of_row = numbers.subspan(row * width, width);
      return std::ranges::max_element(of_row) - of_row.begin();
    };
    equal += place(found) == place(reference) ? 1U : 0U;
  }
  return rows == 0 ? 1 : static_cast<double>(equal) / static_cast<double>(rows);
}

Comparer::Comparer(std::vector<HostOutput> const& found, std::string reference, std::optional<double> tolerance)
    : found_(&found), tolerance_(tolerance) {
  result_.reference = std::move(reference);
}

void Comparer::compare(std::string const& name, std::span<float const> reference) {
  auto const found = std::ranges::find(*found_, name, &HostOutput::name);
  if (found == found_->end()) return;
  auto const difference = difference_of(found->numbers, reference);
  ++result_.compared;
  result_.last = name;
  result_.of_last = difference;
  result_.top1_equal = equal_largest(found->numbers, reference, found->width);
  result_.same_bits = result_.same_bits && difference.same_bits;
  auto const is_allowed = tolerance_ ? difference.largest <= *tolerance_ * difference.magnitude : difference.same_bits;
  if (!is_allowed && !result_.first) result_.first = {&*found, difference};
}

}  // namespace distload
