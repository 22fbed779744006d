/// Config: all settings. Its sections are the options structs of Loader and Saver, with their defaults;
/// config/reference.yaml lists them for people.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/choices.hpp>
#include <distload/base/dtype.hpp>

namespace distload {

/// The most host threads per rank: the limit of Kokkos' OpenMP backend, which does not check it.
inline constexpr std::uint32_t kMaxHostThreads = 512;
/// The most ranks along one dimension of a topology; more than any machine has.
inline constexpr std::uint32_t kMaxRanks = 1U << 20U;

/// Which checkpoint.
struct CheckpointOptions {
  /// HDF5 file, directory of model-step-N.h5 or model-step-N/, Hugging Face directory, or safetensors file. Required.
  std::string path = {};
  /// Step to take from a directory of checkpoints. Nothing (`latest`): the newest that is valid.
  std::optional<std::uint64_t> step = {};
  /// With step `latest`: refuse if the newest is not valid, instead of going back to an older one with a warning.
  bool strict_latest = false;
};

/// How the job's ranks are arranged; tensor x pipeline x data must be the number of ranks.
struct TopologyOptions {
  /// Ranks that share the shards of one layer. Nothing (`auto`): ranks / (pipeline x data).
  std::optional<std::uint32_t> tensor_parallel = {};
  /// Stages that the layers are divided among.
  std::uint32_t pipeline_parallel = 1;
  /// Layers of each stage, e.g. [20, 28]. Empty (`auto`): equally many, the first stages with the remainder.
  std::vector<std::uint32_t> pipeline_layers = {};
  /// Groups of a stage's tensor x data ranks that each hold some whole experts; divides their number. 1: experts are
  /// cut over the tensor-parallel ranks.
  std::uint32_t expert_parallel = 1;
  /// What to do with parameters that the ranks do not divide.
  UnevenCuts uneven = UnevenCuts::error;
  /// Replicas of the model. Nothing (`auto`): ranks / (tensor x pipeline), or 1 if tensor_parallel is `auto` as well.
  std::optional<std::uint32_t> data_parallel = {};
  /// In the program: processors and memory of each rank: those of the NUMA node of its device or, without a device, its
  /// share of the machine's NUMA nodes.
  NumaBinding bind = NumaBinding::automatic;
  /// Several ranks may use one device, through peer memory. Otherwise more ranks than devices on a node are an error.
  bool share_device = false;
};

/// The model and its rules, where the checkpoint does not determine them.
struct ModelOptions {
  /// Partition rules: the name of a file in config/models, or `auto`: by `model_type` in the model's config.json.
  std::string family = "auto";
  /// Path of a rule file that extends or replaces a family's; `auto`: the family's.
  std::string rules = "auto";
  /// Path of the model's config.json; `auto`: the checkpoint's own. For files that carry none.
  std::string config = "auto";
  /// Text that is removed from the beginning of the tensors' names, e.g. `_orig_mod.`; empty: none.
  std::string strip_prefix = {};
  /// Separate matrices of the checkpoint that are loaded as one parameter, by their names in the family's rule file,
  /// e.g. [qkv, gate_up].
  std::vector<std::string> fuse = {};
  /// Fused matrices of the checkpoint that are loaded as several parameters, likewise.
  std::vector<std::string> split = {};
  /// What to do if tensors are missing that the family requires, or that other layers have.
  Tolerance missing = Tolerance::error;
  /// What to do with tensors without a rule, and of layers after the last; unless it is an error they are not loaded.
  Tolerance unexpected = Tolerance::error;
};

/// How a checkpoint is loaded.
struct LoadOptions {
  /// How files are read. `auto` chooses by file system, page cache and device.
  ReadEngine engine = ReadEngine::automatic;
  /// Waves that are read ahead while one is exchanged, at most 64; each takes a staging slot. `true` is 1, `false` 0.
  std::uint32_t prefetch = 1;
  /// Compare every block with its checksum. Costs a few percent where storage is the bottleneck, about an eighth where
  /// files are in the page cache.
  bool verify = true;
  /// Bytes of one staging slot per rank, 16 MiB to 1 TiB. Larger: fewer waves; smaller: less memory.
  Bytes staging = 64 * kMiB;
  /// Bytes of shards and staging that a rank may use. Nothing (`auto`): its share of what the node has free.
  std::optional<Bytes> memory_limit = {};
  /// Huge pages of the memory of shards and staging on the host. `auto` measures and uses the faster pages. Files
  /// cannot be mapped into reserved ones.
  HugePageKind huge_pages = HugePageKind::automatic;
  /// Element type in memory: bf16, f16 or f32, rounded to nearest even. Integers and 8-bit types are kept. Numbers that
  /// become infinite are counted and reported. Nothing (`keep`): the checkpoint's.
  std::optional<DType> dtype = {};
  /// Transpose weights of column- and row-parallel layers, stored as [out, in], to [in, out]. Such a model cannot be
  /// saved in the same run.
  bool transpose = false;
  /// With engine `collective`, how HDF5 files are read: true: by H5Dread, dataset by dataset; false: by MPI-IO, many
  /// extents at a time, which is faster unless all are large. Nothing (`auto`): by the size of the extents.
  std::optional<bool> read_datasets = {};
  /// Ranks of a node write to each other's memory (process_vm_writev), with every engine but `collective` and where the
  /// system permits it. Faster than messages.
  bool peer_writes = true;
  /// MPI-IO hints for the collective engine, e.g. {romio_cb_read: enable}, passed to MPI, which ignores unknown ones.
  std::map<std::string, std::string> hints = {};
};

/// How models are saved; in the program, after loading.
struct SaveOptions {
  /// Directory of model-step-N.h5 or model-step-N/, made if needed. Required in a `save` section.
  std::string directory = {};
  /// Tensor-parallel layout of an HDF5 file. Nothing (`auto`): the load's.
  std::optional<std::uint32_t> tensor_parallel = {};
  /// Format of the new checkpoint.
  SourceFormat format = SourceFormat::hdf5;
  /// In the program: copy the shards, and write them in the background while the report is made. A library's caller
  /// calls Saver::save_async instead.
  bool async = false;
  /// Bytes per rank for that copy. Nothing (`auto`): its size, but at most half of the rank's share of the free memory.
  /// With less, copying waits for writing.
  std::optional<Bytes> async_staging = {};
  /// How files are written.
  WriteEngine engine = WriteEngine::automatic;
  /// What is read back before the commit.
  VerifyAfterWrite verify = VerifyAfterWrite::index;
  /// Host memory per rank for data that cannot be written directly from a shard; at least 8 MiB are used. Nothing
  /// (`auto`): `load.staging`; in a library, 64 MiB.
  std::optional<Bytes> staging = {};
  /// Path of an older HDF5 checkpoint, or of a directory of them, of which the newest is taken: blocks that it has as
  /// well are shared with it (reflink) or copied by the file system's servers instead of being written, where the file
  /// system can do either. Empty: everything is written.
  std::string base = {};
  /// In the program: convert without loading. Tensors go from the checkpoint to the new one in pieces, so that memory
  /// is bounded by `load.staging` however large the model is. A library's caller calls Saver::convert instead.
  bool stream = false;
  /// Steps to keep in the directory, the newest ones; 0 keeps all.
  std::uint64_t keep = 0;
  /// Step that the checkpoint is saved as, N in its name. Nothing (`auto`): the loaded checkpoint's, 0 if it has none.
  std::optional<std::uint64_t> step = {};
  /// Name of the model in the checkpoint's metadata. Nothing (`auto`): the loaded checkpoint's.
  std::optional<std::string> name = {};
  /// Replace a checkpoint of that step. Never what is being loaded, nor a directory with files of others.
  bool overwrite = false;
  /// The model's other files (tokenizer, templates, generation and processor configurations) that are saved with it, by
  /// their names in the checkpoint's directory. Nothing (`auto`): those that are known, up to 256 MiB together. Empty
  /// (`none`): none.
  std::optional<std::vector<std::string>> files = {};
  /// Alignment of tensors in an HDF5 file in bytes, a power of two from 4 KiB to 1 GiB; e.g. a Lustre stripe.
  Bytes alignment = 4 * kKiB;
  /// Data in one safetensors file, 1 MB to 1 TiB; a larger tensor has a file of its own. Smaller: more files that
  /// others can fetch at a time.
  Bytes shard_size = 5'000'000'000;
};

/// What is reported about a run.
struct ReportOptions {
  /// Path of the JSON report; empty: none. Checked before loading, written atomically at the end.
  std::string json = {};
  /// List every shard with the hash of its bytes in the report. Reads all shards once more. Ignored with `save.stream`.
  bool tensors = false;
  /// How progress is printed.
  ProgressMode progress = ProgressMode::automatic;
  /// Path of a Chrome trace of the load's stages on all ranks; empty: none. Written atomically at the end.
  std::string trace = {};
};

/// The process.
struct RuntimeOptions {
  /// The job ends when no rank has made progress for that time; at least 1 s.
  std::chrono::milliseconds timeout{300'000};
  /// Host threads per rank, at most 512. Nothing (`auto`): the node's cores / its ranks, unless OMP_NUM_THREADS says
  /// otherwise.
  std::optional<std::uint32_t> threads = {};
};

/// Speeds of storage, memory and links, for the planner. Defaults are those of a small node with an NVMe disk and
/// shared memory between its ranks, and of a device with PCIe 4; `distload-bench calibrate` measures others.
struct CostModel {
  double storage_bandwidth = 3.0 * kGiB;    ///< bytes per second that storage gives all ranks together
  double cache_bandwidth = 10.0 * kGiB;     ///< likewise, the page cache, for what is in there
  double link_bandwidth = 8.0 * kGiB;       ///< bytes per second that one rank can send or receive
  double storage_latency_seconds = 100e-6;  ///< until the first byte of a read arrives
  double link_latency_seconds = 5e-6;       ///< of a message
  double request_overhead_seconds = 5e-6;   ///< of each further read request of a rank
  /// Bytes per second that storage gives the ranks of one node; nothing (`auto`): as much as all ranks together.
  std::optional<double> node_storage_bandwidth = {};
  double upload_bandwidth = 20.0 * kGiB;        ///< bytes per second from pinned host memory to one device
  double peer_bandwidth = 20.0 * kGiB;          ///< bytes per second that a rank can store to others on its node
  double device_memory_bandwidth = 1.0 * kTiB;  ///< bytes per second of one device's memory, reads and writes together
  double memory_bandwidth = 3.5 * kGiB;   ///< bytes per second of new host memory that the ranks of a node together get
  double mapped_bandwidth = 20.0 * kGiB;  ///< bytes per second of mapped files that the ranks of a node together verify
  double save_bandwidth = 2.0 * kGiB;     ///< bytes per second that all ranks together bring onto storage
  double save_latency_seconds = 50e-3;    ///< of every save: its file is made, committed, and brought onto storage
  double start_seconds = 0.5;             ///< of a job, from the launcher until all ranks have started

  friend bool operator==(CostModel const&, CostModel const&) = default;
};

/// What a Loader uses.
struct LoaderOptions {
  CheckpointOptions checkpoint;  ///< section `checkpoint`
  /// Section `topology`, of which Loader uses `pipeline_layers` and `uneven`; the process grid has the sizes.
  TopologyOptions topology;
  ModelOptions model;      ///< section `model`
  LoadOptions load;        ///< section `load`
  RuntimeOptions runtime;  ///< section `runtime`
  CostModel cost;          ///< section `cost`
  /// The memory of shards on a device can be given back by pages, for Redistributor::redistribute_in_place. The ranks
  /// of a node cannot write to each other's memory then, and send messages. No effect on the host, where it always can.
  bool releasable = false;
};

/// What a program does.
struct Config : LoaderOptions {
  std::optional<SaveOptions> save = {};  ///< section `save`; nothing: nothing is saved
  ReportOptions report;                  ///< section `report`
};

}  // namespace distload
