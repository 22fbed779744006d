// Reads datasets collectively.
#include "io/mpi/collective_hdf5.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <distload/base/error.hpp>

#include "base/fault.hpp"
#include "base/first_failure.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "checkpoint/hdf5/dataset.hpp"
#include "checkpoint/hdf5/dataspace.hpp"
#include "checkpoint/hdf5/element_type.hpp"
#include "checkpoint/hdf5/format.hpp"
#include "checkpoint/hdf5/group.hpp"
#include "io/mpi/collective_defaults.hpp"
#include "io/mpi/collective_transfer.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/mpi_communicator.hpp"

namespace distload {
namespace {

/// Runs `work`; an HDF5 error becomes CorruptData, since the catalog was read from this file, unless storage failed.
template <class F>
auto reading(F const& work) {
  try {
    return work();
  } catch (hdf5::Hdf5Error const& error) {
    if (error.storage_failed()) throw;
    throw CorruptData(error.what());
  }
}

/// The group that has every tensor's dataset under the tensor's name: the root of a flat file, or distload's group.
std::optional<hdf5::Group> group_of_tensors(Catalog const& catalog, hdf5::FileView file) {
  auto const has_all = [&](hdf5::GroupView group) {
    return std::ranges::all_of(catalog.tensors,
                               [&](TensorInfo const& tensor) { return hdf5::has_link(group, tensor.name); });
  };
  auto root = hdf5::root_of(file);
  if (has_all(root.view())) return root;
  if (!hdf5::has_link(root.view(), hdf5::kTensors)) return std::nullopt;
  auto tensors = hdf5::open_group(root.view(), hdf5::kTensors);
  if (has_all(tensors.view())) return tensors;
  return std::nullopt;
}

}  // namespace

std::unique_ptr<CollectiveHdf5> CollectiveHdf5::open(Catalog const& catalog, Communicator& ranks, Hints const& hints) {
  // Opening is collective, but a failure ends it at the same call on every rank.
  return all_or_throw(ranks, "open", [&]() -> std::unique_ptr<CollectiveHdf5> {
    return reading([&]() -> std::unique_ptr<CollectiveHdf5> {
      MpiInfo const info(with_default_hints(hints));
      SharedInput file(catalog.files.front().path, native_mpi(ranks), info);
      auto group = group_of_tensors(catalog, file.view());
      if (!group) {
        file.close();
        return nullptr;
      }
      return std::unique_ptr<CollectiveHdf5>(new CollectiveHdf5(catalog, ranks, std::move(file), std::move(*group)));
    });
  });
}

CollectiveHdf5::CollectiveHdf5(Catalog const& catalog, Communicator& ranks, SharedInput file, hdf5::Group tensors)
    : catalog_(&catalog),
      ranks_(&ranks),
      file_(std::move(file)),
      tensors_(std::move(tensors)),
      transfer_(one_call_transfer()),
      verifier_(catalog) {}

void CollectiveHdf5::close() {
  reading([&] {
    tensors_.close();
    file_.close();
  });
}

void CollectiveHdf5::read(std::span<ReadRequest const> requests, ReadOptions const& options) {
  FirstFailure failure;
  HyperslabPieces order;
  failure.guard([&] {
    fault_point("read");
    if (options.verify) fault_point("verify");
    order = hyperslab_pieces(*catalog_, requests, kRoundBytes);
  });
  std::vector<std::uint64_t> rounds(catalog_->tensors.size());
  for (auto const& piece : order.pieces) ++rounds[piece.tensor];
  ranks_->all_reduce(rounds, Reduction::max);

  verifier_.start(order.requests);
  auto piece = order.pieces.begin();
  for (std::uint32_t tensor = 0; tensor < rounds.size(); ++tensor) {
    if (rounds[tensor] == 0) continue;
    std::optional<hdf5::Dataset> dataset;
    failure.guard([&] { dataset = open_dataset(catalog_->tensors[tensor]); });
    for (std::uint64_t round = 0; round < rounds[tensor]; ++round) {
      bool const mine = piece != order.pieces.end() && piece->tensor == tensor;
      failure.guard([&] {
        if (mine) options.before_write({piece->destination, piece->nbytes});
        if (dataset) read_piece(dataset->view(), mine ? &*piece : nullptr);
        if (mine && !failure) {
          if (options.verify) verifier_.update({piece->destination, piece->nbytes});
          options.on_progress(piece->nbytes);
        }
      });
      if (mine) ++piece;
    }
  }
  failure.rethrow();
}

hdf5::Dataset CollectiveHdf5::open_dataset(TensorInfo const& tensor) const {
  return reading([&] {
    auto dataset = hdf5::open_dataset(tensors_.view(), tensor.name);
    auto const type = hdf5::element_type_of(hdf5::type_of(dataset.view()).view());
    // The data must fit its destination, even if the file was changed after the catalog was read.
    if (type.dtype != tensor.dtype || hdf5::shape_of(hdf5::space_of(dataset.view()).view()) != tensor.shape)
      throw CorruptData("tensor '" + printable(tensor.name) + "' in " + file_.path() +
                        " is not of the type and shape that the checkpoint had when it was opened");
    return dataset;
  });
}

void CollectiveHdf5::read_piece(hdf5::DatasetView dataset, HyperslabPiece const* piece) {
  reading([&] {
    auto const type = hdf5::type_of(dataset);
    auto const in_file = hdf5::space_of(dataset);
    // The same shape on both sides, so that HDF5 does not map single elements.
    auto const in_memory = piece != nullptr ? hdf5::make_space(piece->box.extent) : hdf5::make_run_space(1);
    if (piece != nullptr) {
      hdf5::select_box(in_file.view(), piece->box);
    } else {
      hdf5::select_none(in_file.view());
      hdf5::select_none(in_memory.view());
    }
    hdf5::read(dataset, type.view(), in_memory.view(), in_file.view(), transfer_.view(),
               piece != nullptr ? piece->destination : nullptr);
  });
  if (warned_) return;
  if (auto const cause = why_not_collective(transfer_.view())) {
    warned_ = true;
    log().warn("HDF5 reads {} rank by rank instead of collectively: {}", file_.path(), *cause);
  }
}

}  // namespace distload
