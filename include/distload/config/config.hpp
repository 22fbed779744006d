/// Config: everything that can be set, as one struct. Defaults stand here; config/reference.yaml lists them for people.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <distload/base/bytes.hpp>

namespace distload {

/// The most host threads per rank: what Kokkos' OpenMP backend has room for; it does not check.
inline constexpr std::uint32_t kMaxHostThreads = 512;
/// The most ranks along one dimension of a topology; more than any machine has.
inline constexpr std::uint32_t kMaxRanks = 1U << 20U;

/// Which checkpoint.
struct CheckpointConfig {
  /// HDF5 file, directory of model-step-N.h5 or model-step-N/, Hugging Face directory, or safetensors file. Required.
  std::string path;
  /// Step to take from a directory of checkpoints. Nothing (`latest`): the newest that is valid.
  std::optional<std::uint64_t> step;
  /// With step `latest`: refuse if the newest is not valid, instead of going back to an older one with a warning.
  bool strict_latest = false;
};

/// How the job's ranks are arranged; tensor x pipeline x data must be the number of ranks.
struct TopologyConfig {
  /// Ranks that share the shards of one layer. Nothing (`auto`): ranks / (pipeline x data).
  std::optional<std::uint32_t> tensor_parallel;
  /// Stages over which the layers are dealt out.
  std::uint32_t pipeline_parallel = 1;
  /// Layers of each stage, e.g. [20, 28]. Empty (`auto`): evenly, the first stages get one more where it must be.
  std::vector<std::uint32_t> pipeline_layers;
  /// Ways that whole experts are dealt out over the tensor x data ranks of a stage, which it divides; 1: experts are
  /// cut over the tensor-parallel ranks like everything else.
  std::uint32_t expert_parallel = 1;
  /// `error`, or `allow`: parameters that the ranks do not divide are cut unevenly where their rule says that they can.
  std::string uneven = "error";
  /// Replicas of the model. Nothing (`auto`): ranks / (tensor x pipeline), or 1 if tensor_parallel is `auto` as well.
  std::optional<std::uint32_t> data_parallel;
};

/// What the model is, where the checkpoint does not say.
struct ModelConfig {
  /// Partition rules: the name of a file in config/models, or `auto`: by `model_type` in the model's config.json.
  std::string family = "auto";
  /// Path of a rule file that extends or replaces a family's; `auto`: the family's.
  std::string rules = "auto";
  /// Path of the model's config.json; `auto`: the checkpoint's own. For files that carry none.
  std::string config = "auto";
  /// What of a checkpoint's separate matrices becomes one parameter, by the names that the family's rule file gives
  /// them, e.g. [qkv, gate_up].
  std::vector<std::string> fuse;
  /// What of its fused matrices becomes several parameters; likewise.
  std::vector<std::string> split;
  /// `error`, `warn` or `ignore`: tensors that the family requires, or that some layers have and others lack.
  std::string missing = "error";
  /// `error`, `warn` or `ignore`: tensors without a rule; they are not loaded.
  std::string unexpected = "error";
};

/// How bytes get into memory.
struct LoadConfig {
  /// `auto`, `collective` (parallel HDF5, MPI-IO), `buffered` (pread), `direct` (io_uring, O_DIRECT; `buffered` where
  /// the file system refuses) or `mmap` (shards are shown where they lie in the page cache if they can be, else copied
  /// from there).
  std::string engine = "auto";
  /// How many waves are read ahead while one is exchanged, at most 64; each costs a staging slot. `true` is 1, `false`
  /// 0.
  std::uint32_t prefetch = 1;
  /// Compare every block with its checksum. Costs a few percent where storage is waited for, about an
  /// eighth where files come from the page cache.
  bool verify = true;
  /// Bytes of one staging slot per rank, 16 MiB to 1 TiB. Larger: fewer waves; smaller: less memory.
  Bytes staging = 64 * kMiB;
  /// Bytes of shards and staging that a rank may use. Nothing (`auto`): its share of what the node has free.
  std::optional<Bytes> memory_limit;
  /// What shards lie in on the host: `transparent` huge pages, which the kernel makes as it can, or huge pages
  /// `reserved` by the administrator (hugetlbfs), in which nothing can be shown from a file.
  std::string huge_pages = "transparent";
  /// Element type in memory: `keep` (the checkpoint's), `bf16`, `fp16` or `fp32`, rounded to nearest even. Integers and
  /// eight-bit numbers stay what they are. What becomes infinite is counted and reported.
  std::string dtype = "keep";
  /// Weights of column- and row-parallel layers, stored as [out, in], lie in memory as [in, out]. For engines that want
  /// them so. What is loaded so cannot be saved in the same run.
  bool transpose = false;
  /// MPI-IO hints for the collective engine, e.g. {romio_cb_read: enable}. Names and values are MPI's; what it does not
  /// know it ignores. Two are distload's. `distload_datasets: enable` has HDF5 files read by H5Dread, dataset by
  /// dataset, `disable` by MPI-IO, many extents at a time, which is faster unless all are large; by default their size
  /// decides. `distload_peer_writes: disable` keeps ranks of a node from writing to each other's memory, which they do
  /// with every engine but `collective` where the system lets them, since it is faster than messages, or than each
  /// taking its part of a mapped file by itself.
  std::map<std::string, std::string> hints;
};

/// What is saved after loading.
struct SaveConfig {
  /// Where model-step-N.h5 or model-step-N/ is put; made if it is not there. Required in a `save` section.
  std::string directory;
  /// Tensor-parallel layout of an HDF5 file. Nothing (`auto`): the load's.
  std::optional<std::uint32_t> tensor_parallel;
  /// `hdf5`: one file. `safetensors`: a Hugging Face directory, as transformers reads it.
  std::string format = "hdf5";
  /// Copy the shards and write them in the background. In the program, while the report is made; see Saver::save_async.
  bool async = false;
  /// Bytes per rank for that copy. Nothing (`auto`): what it needs, but not more than half of the rank's share of the
  /// free memory. With less the copy waits until something has been written.
  std::optional<Bytes> async_staging;
  /// `direct` (every rank writes its extents by offset, past the page cache with io_uring and O_DIRECT where the system
  /// has them), `collective` (parallel HDF5; HDF5 files only) or `auto`: direct.
  std::string engine = "auto";
  /// What is read back before the checkpoint gets its name: `none`, `index` (all but the tensors) or `full` (every
  /// block, from storage).
  std::string verify = "index";
  /// Path of an older HDF5 checkpoint, or of a directory of them, of which the newest is taken: blocks that it has as
  /// well are shared with it (reflink) or copied by the file system's servers instead of being written, where the file
  /// system can do either. Empty: everything is written.
  std::string base;
  /// Convert without loading: tensors go from the checkpoint to the new one in pieces, so that memory is bounded by
  /// `load.staging` however large the model is.
  bool stream = false;
  /// Steps to keep in the directory, the newest ones; 0 keeps all.
  std::uint64_t keep = 0;
  /// Step that the checkpoint is saved as, N in its name. Nothing (`auto`): the loaded checkpoint's, 0 if it has none.
  std::optional<std::uint64_t> step;
  /// Name of the model in the checkpoint's metadata. Nothing (`auto`): the loaded checkpoint's.
  std::optional<std::string> name;
  /// Replace a checkpoint of that step. Never what is being loaded, nor a directory with files of others.
  bool overwrite = false;
  /// The model's other files (tokenizer, templates, generation and processor configurations) that are saved with it, by
  /// their names in the checkpoint's directory. Nothing (`auto`): those that are known, up to 256 MiB together. Empty
  /// (`none`): none.
  std::optional<std::vector<std::string>> files;
  /// Alignment of tensors in an HDF5 file in bytes, a power of two from 4 KiB to 1 GiB; e.g. a Lustre stripe.
  Bytes alignment = 4 * kKiB;
  /// Data in one safetensors file, 1 MB to 1 TiB; a larger tensor has a file of its own. Smaller: more files that
  /// others can fetch at a time.
  Bytes shard_size = 5'000'000'000;
};

/// What is told about a run.
struct ReportConfig {
  /// Path of the JSON report; empty: none. Whether it can be written is found out before anything is loaded; it is
  /// written, at once, when everything else is done.
  std::string json;
  /// Put every shard with the hash of its bytes into the report. Reads all shards once more. Nothing with
  /// `save.stream`, which has none.
  bool tensors = false;
  /// `auto` (bar on a terminal, else lines), `bar`, `line`, `json` or `none`.
  std::string progress = "auto";
};

/// The process.
struct RuntimeConfig {
  /// The job is ended when nothing has moved for so long; at least 1 s.
  std::chrono::milliseconds timeout{300'000};
  /// Host threads per rank, at most 512. Nothing (`auto`): the node's cores / its ranks, unless OMP_NUM_THREADS says
  /// otherwise.
  std::optional<std::uint32_t> threads;
};

/// What storage and links cost, for the planner. See CostModel.
struct CostConfig {
  /// Bytes per second that storage gives all ranks together.
  Bytes storage_bandwidth = 4 * kGiB;
  /// Bytes per second that all ranks together get from the page cache, for what is in there.
  Bytes cache_bandwidth = 12 * kGiB;
  /// Bytes per second that one rank can send or receive.
  Bytes link_bandwidth = 8 * kGiB;
  /// Until the first byte of a read arrives.
  std::chrono::nanoseconds storage_latency{100'000};
  /// Of a message.
  std::chrono::nanoseconds link_latency{5'000};
  /// Of each further read request of a rank.
  std::chrono::nanoseconds request_overhead{5'000};
};

struct Config {
  CheckpointConfig checkpoint;
  TopologyConfig topology;
  ModelConfig model;
  LoadConfig load;
  std::optional<SaveConfig> save;
  ReportConfig report;
  RuntimeConfig runtime;
  CostConfig cost;
};

}  // namespace distload
