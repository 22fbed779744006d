// Models that compute.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "python/bindings.hpp"
#include "python/call.hpp"
#include "python/held_model.hpp"
#include "python/held_parallel_model.hpp"

namespace distload::python {
namespace {

namespace nb = nanobind;

using Ids = std::vector<std::int64_t>;
using Rows = std::vector<Ids>;

Rows rows_of(TokenBatch const& ids) {
  Rows rows;
  rows.reserve(ids.batch);
  for (std::uint64_t sequence = 0; sequence < ids.batch; ++sequence) {
    auto const first = ids.ids.begin() + static_cast<std::ptrdiff_t>(sequence * ids.tokens);
    rows.emplace_back(first, first + static_cast<std::ptrdiff_t>(ids.tokens));
  }
  return rows;
}

}  // namespace

void add_parallel_models(nb::module_& core) {
  using Held = std::shared_ptr<HeldParallelModel>;
  nb::class_<GivenTokens>(core, "GivenTokens", "Token ids, or why they are none.")
      .def(nb::init<Ids, std::uint64_t, std::string>(), nb::arg("ids"), nb::arg("batch"), nb::arg("refusal") = "");
  nb::class_<HeldParallelModel>(core, "ParallelModel")
      .def_static(
          "bind",
          [](std::shared_ptr<HeldModel> const& model) {
            return call([model] { return std::make_shared<HeldParallelModel>(model); });
          },
          nb::arg("model"))
      .def(
          "forward",
          [](Held const& model, GivenTokens const& tokens) {
            return call([model, tokens] { return model->forward(tokens); });
          },
          nb::arg("tokens"))
      .def(
          "generate",
          [](Held const& model, GivenTokens const& tokens, std::uint32_t count) {
            return rows_of(call([model, tokens, count] { return model->generate(tokens, count); }));
          },
          nb::arg("tokens"), nb::arg("count"))
      .def(
          "hash",
          [](Held const& model, GivenTokens const& tokens) {
            return call([model, tokens] { return model->hash(tokens); });
          },
          nb::arg("tokens"))
      .def(
          "self_test",
          [](Held const& model, GivenTokens const& tokens, std::uint64_t expected) {
            call([model, tokens, expected] { model->self_test(tokens, expected); });
          },
          nb::arg("tokens"), nb::arg("expected"))
      .def("close", [](Held const& model) { call([model] { model->close(); }); })
      .def_prop_ro("inexact_layers", &HeldParallelModel::inexact_layers)
      .def_prop_ro("is_decoder", &HeldParallelModel::is_decoder);
  core.def("computed_families", &computed_families);
}

}  // namespace distload::python
