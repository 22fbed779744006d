// Threads that generate a piece and write it while it is in cache.
#include "synth/write_safetensors.hpp"

#include <atomic>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <distload/base/error.hpp>

#include "base/first_failure.hpp"
#include "base/result_file.hpp"
#include "checkpoint/file_name.hpp"
#include "checkpoint/safetensors/file_layout.hpp"
#include "io/files/output_file.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/liveness/abort_action.hpp"
#include "synth/content.hpp"
#include "synth/or_io_error.hpp"

namespace distload::synth {
namespace {

namespace fs = std::filesystem;

/// Large enough that calls cost nothing, small enough that the page cache copies it from a core's own cache.
constexpr Bytes kPieceBytes = kMiB;

/// A part of a tensor that one thread writes.
struct Piece {
  std::uint32_t file = 0;
  PlacedTensor tensor;
  Bytes begin_bytes = 0;  ///< offset in the tensor
};

std::vector<SafetensorsTensor> tensors_of(Model const& model) {
  std::vector<SafetensorsTensor> tensors;
  for (auto const& tensor : model.tensors) tensors.push_back({tensor.name, tensor.dtype, tensor.shape});
  return tensors;
}

/// The pieces of this rank.
std::vector<Piece> pieces_of(std::vector<SafetensorsFile> const& files, Communicator const& ranks) {
  std::vector<Piece> pieces;
  std::uint64_t number = 0;
  for (std::uint32_t file = 0; file < files.size(); ++file) {
    for (auto const& tensor : files[file].tensors) {
      for (Bytes begin = 0; begin < tensor.nbytes; begin += kPieceBytes) {
        if (number++ % ranks.size() == ranks.rank()) pieces.push_back({file, tensor, begin});
      }
    }
  }
  return pieces;
}

/// The files of a model under temporary names; the destructor removes unfinished ones.
class UnfinishedFiles {
 public:
  UnfinishedFiles(fs::path directory, std::vector<SafetensorsFile> const& files)
      : directory_(std::move(directory)), files_(&files), on_job_end_([this] { return remove(), std::string{}; }) {}
  ~UnfinishedFiles() {
    if (!published_) remove();
  }
  UnfinishedFiles(UnfinishedFiles const&) = delete;
  UnfinishedFiles& operator=(UnfinishedFiles const&) = delete;

  void create(Storage storage) const {
    for (auto const& layout : *files_) {
      auto file = OutputFile::create(temporary_name(path_of(layout)),
                                     storage == Storage::allocated ? layout.size_bytes : Bytes{0});
      file.write_at(0, std::as_bytes(std::span(layout.header)));
      file.close();
      if (storage == Storage::allocated) continue;
      check_file_size(path_of(layout), layout.size_bytes);
      or_io_error([&] { fs::resize_file(temporary_name(path_of(layout)), layout.size_bytes); });
    }
  }

  void publish() {
    // An old index or files of another model would contradict the new files.
    std::vector<fs::path> old;
    for (auto const& entry : fs::directory_iterator(directory_)) {
      if (entry.path().extension() == ".safetensors" || entry.path().filename() == kSafetensorsIndexFile)
        old.push_back(entry.path());
    }
    for (auto const& path : old) fs::remove(path);
    for (auto const& file : *files_) fs::rename(temporary_name(path_of(file)), path_of(file));
    published_ = true;
  }

 private:
  std::string path_of(SafetensorsFile const& file) const { return (directory_ / file.name).string(); }

  void remove() const {
    std::error_code ignored;
    for (auto const& file : *files_) fs::remove(temporary_name(path_of(file)), ignored);
  }

  fs::path directory_;
  std::vector<SafetensorsFile> const* files_;
  AbortAction on_job_end_;
  bool published_ = false;
};

/// Local: writes this rank's pieces with several threads.
void write_pieces(Model const& model, std::vector<SafetensorsFile> const& layouts, std::string const& directory,
                  std::uint32_t threads, Communicator const& ranks) {
  std::vector<OutputFile> files;
  files.reserve(layouts.size());
  for (auto const& layout : layouts)
    files.push_back(OutputFile::open(temporary_name((fs::path(directory) / layout.name).string())));
  std::vector<Content> contents;
  for (auto const& tensor : model.tensors) contents.emplace_back(tensor.name, model.seed, tensor.dtype, tensor.numbers);

  auto const pieces = pieces_of(layouts, ranks);
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  FirstFailure failure;
  auto const work = [&] {
    std::vector<std::byte> buffer(kPieceBytes);
    for (auto i = next++; i < pieces.size(); i = next++) {
      auto const& [file, tensor, begin] = pieces[i];
      auto const bytes = std::span(buffer).first(std::min(kPieceBytes, tensor.nbytes - begin));
      contents[tensor.tensor].fill(begin, bytes);
      files[file].write_at(tensor.offset_bytes + begin, bytes);
    }
  };
  auto const guarded = [&] {
    FirstFailure own;
    own.guard(work);
    if (!own) return;
    next = pieces.size();  // the other threads stop
    std::lock_guard const lock(mutex);
    failure.guard([&] { own.rethrow(); });
  };
  {
    std::vector<std::jthread> helpers;
    for (std::uint32_t i = 1; i < threads; ++i) helpers.emplace_back(guarded);
    guarded();
  }
  failure.rethrow();
  for (auto& file : files) file.close();
}

}  // namespace

void write_safetensors(Model const& model, std::string const& directory, Bytes shard_bytes, std::uint32_t threads,
                       Storage storage, Communicator& ranks) {
  auto const tensors = tensors_of(model);
  auto const layouts = lay_out_safetensors(tensors, shard_bytes);
  bool const leads = ranks.rank() == 0;
  std::optional<UnfinishedFiles> unfinished;
  if (leads) unfinished.emplace(directory, layouts);
  all_or_throw(ranks, "create", [&] {
    if (!leads) return;
    or_io_error([&] { fs::create_directories(directory); });
    unfinished->create(storage);
  });
  if (storage == Storage::allocated) {
    all_or_throw(ranks, "write", [&] { write_pieces(model, layouts, directory, threads, ranks); });
  }
  all_or_throw(ranks, "publish", [&] {
    if (!leads) return;
    or_io_error([&] { unfinished->publish(); });
    write_result_file((fs::path(directory) / "config.json").string(), model.config);
    if (layouts.size() > 1)
      write_result_file((fs::path(directory) / kSafetensorsIndexFile).string(), safetensors_index(layouts, tensors));
  });
}

}  // namespace distload::synth
