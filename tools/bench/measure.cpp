// What follows from the samples of a measurement.
#include "bench/measure.hpp"

#include <algorithm>
#include <utility>

namespace distload {
namespace {

Contender const* first_load(Measurement const& measured) {
  auto const found = std::ranges::find_if(measured.contenders, [](Contender const& each) { return each.tensors > 0; });
  return found == measured.contenders.end() ? nullptr : &*found;
}

}  // namespace

std::string_view name_of(Part part) noexcept {
  switch (part) {
    case Part::all: return "all";
    case Part::column_parallel: return "column_parallel";
    case Part::row_parallel: return "row_parallel";
  }
  return "";
}

std::string_view name_of(Start start) noexcept { return start == Start::fresh ? "fresh" : "reload"; }

Contender bare(std::string name) {
  Contender contender;
  contender.name = std::move(name);
  return contender;
}

Contender compared_with(std::vector<std::size_t> limits, std::string name) {
  auto contender = bare(std::move(name));
  contender.limits = std::move(limits);
  return contender;
}

std::size_t Measurement::tensors() const {
  auto const* const load = first_load(*this);
  return load == nullptr ? 0 : load->tensors;
}

double Measurement::read_amplification() const {
  auto const* const load = first_load(*this);
  return load == nullptr ? 1 : load->read_amplification;
}

Contender const* limit_of(Measurement const& measured, Contender const& contender) {
  Contender const* best = nullptr;
  for (auto const number : contender.limits) {
    auto const& limit = measured.contenders[number];
    if (best == nullptr || limit.bytes_per_second() > best->bytes_per_second()) best = &limit;
  }
  return best;
}

double share_of_limit(Measurement const& measured, Contender const& contender) {
  auto const& limit = *limit_of(measured, contender);
  Samples ratios;
  for (std::size_t round = 0; round < limit.seconds.all().size(); ++round) {
    auto const of_limit = static_cast<double>(limit.nbytes) / limit.seconds.all()[round];
    auto const own = static_cast<double>(contender.nbytes) / contender.seconds.all()[round];
    ratios.add(own / of_limit);
  }
  return ratios.median();
}

}  // namespace distload
