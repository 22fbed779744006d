/// Enumerations for the settings that the configuration spells as words.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace distload {

/// How a checkpoint is read.
enum class ReadEngine : std::uint8_t {
  automatic,   ///< "auto": by where the checkpoint lies
  collective,  ///< parallel HDF5, MPI-IO
  buffered,    ///< pread
  direct,      ///< io_uring, O_DIRECT; `buffered` where the file system refuses
  mmap,        ///< shards that are one range of a file are mapped, others are copied from the page cache
};

/// How a checkpoint is written.
enum class WriteEngine : std::uint8_t {
  automatic,   ///< "auto": direct
  direct,      ///< every rank by offset, with io_uring and O_DIRECT where the system has them
  collective,  ///< parallel HDF5; HDF5 files only
};

/// What to do with a parameter whose size the ranks do not divide.
enum class UnevenCuts : std::uint8_t {
  error,
  allow,  ///< cut it unevenly if its rule allows that
};

/// What to do when a checkpoint differs from its family's rules.
enum class Tolerance : std::uint8_t { error, warn, ignore };

/// Which huge pages host memory uses.
enum class HugePageKind : std::uint8_t {
  automatic,    ///< "auto": transparent or off, by the time that first accesses take
  transparent,  ///< transparent huge pages, as far as the kernel has free ones
  off,          ///< pages of the system's page size, usually 4 KiB
  reserved,     ///< pages that the administrator has reserved (hugetlbfs, vm.nr_hugepages)
};

/// The format of a checkpoint.
enum class SourceFormat : std::uint8_t {
  hdf5,         ///< one file
  safetensors,  ///< a Hugging Face directory, as transformers reads it
};

/// What is read back before a new checkpoint is committed.
enum class VerifyAfterWrite : std::uint8_t {
  none,
  index,  ///< everything except the tensors
  full,   ///< everything, from storage
};

/// How progress is shown.
enum class ProgressMode : std::uint8_t {
  automatic,  ///< "auto": a bar where stderr is a terminal, else lines
  bar,
  line,
  json,
  none,
};

/// Whether a rank is bound to processors and memory of the machine.
enum class NumaBinding : std::uint8_t {
  automatic,  ///< "auto": numa, unless the launcher has bound the process or the machine has one NUMA node
  numa,       ///< the NUMA node of the rank's device, or the rank's share of the machine's NUMA nodes
  none,       ///< the process stays as it was started
};

/// The words of an enumeration of this header, in the order of its values, which count from 0.
template <class Choice>
std::span<std::string_view const> words_of() noexcept;

/// @cond  one for each enumeration
template <>
std::span<std::string_view const> words_of<ReadEngine>() noexcept;
template <>
std::span<std::string_view const> words_of<WriteEngine>() noexcept;
template <>
std::span<std::string_view const> words_of<UnevenCuts>() noexcept;
template <>
std::span<std::string_view const> words_of<Tolerance>() noexcept;
template <>
std::span<std::string_view const> words_of<HugePageKind>() noexcept;
template <>
std::span<std::string_view const> words_of<SourceFormat>() noexcept;
template <>
std::span<std::string_view const> words_of<VerifyAfterWrite>() noexcept;
template <>
std::span<std::string_view const> words_of<ProgressMode>() noexcept;
template <>
std::span<std::string_view const> words_of<NumaBinding>() noexcept;
/// @endcond

/// True if `choice` is one of the values that its type names.
template <class Choice>
bool is_choice(Choice choice) noexcept {
  return static_cast<std::size_t>(choice) < words_of<Choice>().size();
}

/// "auto", "mmap", ... Precondition: is_choice.
template <class Choice>
std::string_view word_of(Choice choice) noexcept {
  return words_of<Choice>()[static_cast<std::size_t>(choice)];
}

/// The value with that word; nothing if there is none.
template <class Choice>
std::optional<Choice> choice_of(std::string_view word) noexcept {
  auto const words = words_of<Choice>();
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == word) return static_cast<Choice>(i);
  }
  return std::nullopt;
}

/// The engine that reads, and why it was chosen.
struct EngineInUse {
  ReadEngine name = ReadEngine::buffered;  ///< never `automatic`
  std::string reason;                      ///< for people, e.g. "HDF5 on ext4, 3 % of it in the page cache"

  friend bool operator==(EngineInUse const&, EngineInUse const&) = default;
};

/// The pages of new host memory, and why they were chosen.
struct PagesInUse {
  HugePageKind kind = HugePageKind::off;  ///< of most of the memory; never `automatic`
  double bytes_per_second = 0;            ///< at the first access, per thread; 0 if it was not measured
  std::string reason;                     ///< for people

  friend bool operator==(PagesInUse const&, PagesInUse const&) = default;
};

}  // namespace distload
