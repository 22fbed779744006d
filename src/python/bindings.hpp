/// The parts of the module `distload._core`.
#pragma once

#include <nanobind/nanobind.h>

namespace distload::python {

void add_groups(nanobind::module_& core);
void add_tensors(nanobind::module_& core);
void add_models(nanobind::module_& core);
void add_parallel_models(nanobind::module_& core);
void add_saver(nanobind::module_& core);
void add_reader(nanobind::module_& core);
void add_tools(nanobind::module_& core);

}  // namespace distload::python
