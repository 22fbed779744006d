/// The tiny models of tests/families, whose README.md describes the files.
#pragma once

#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include <distload/base/topology.hpp>
#include <distload/tensor/box.hpp>

namespace distload::testing {

/// A tensor and how it is cut, independently of the rules.
struct TableTensor {
  std::string name;
  Shape shape;
  std::string cut;    ///< as in the files
  std::string place;  ///< the number of its layer, "first", "last" or "all"
};

struct TableModel {
  std::string name;
  std::string config_json;
  std::vector<TableTensor> tensors;
  std::map<std::string, std::string> tied;  ///< by the alias
  std::uint32_t layers = 3;
  std::string undescribed;  ///< why config.json does not determine its tensors; empty: it does
};

/// For messages of tests.
void PrintTo(TableModel const& model, std::ostream* out);

/// All models of a folder of tables.
std::vector<TableModel> read_family_tables(std::string const& folder);

/// The axis along which a tensor is cut; -1: it is not.
int cut_axis(TableTensor const& tensor);

/// The positions along the cut axis of what a rank holds, in its order; -1 for padding.
std::vector<std::int64_t> positions_of(TableTensor const& tensor, std::uint32_t rank, std::uint32_t ranks);

/// The stages that hold a layer, or "first", "last" or "all".
std::vector<std::uint32_t> stages_of(std::string const& place, std::uint32_t layers, std::uint32_t stages);

}  // namespace distload::testing
