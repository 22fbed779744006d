/// What distload-verify found out about one checkpoint.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/error.hpp>

namespace distload {

enum class State : std::uint8_t {
  verified,       ///< looked at; damage is listed
  not_valid,      ///< nothing that could be loaded; `reason` says why
  not_looked_at,  ///< another checkpoint of the directory was what was asked for
  sealed,
  compared,  ///< with published sums; `reason` sums up
};

/// Bytes of a file that are not what they should be.
struct Damage {
  std::string tensor;  ///< empty where a whole file is meant
  std::string file;
  Bytes begin_bytes = 0;  ///< in the file
  Bytes end_bytes = 0;
  std::string reason;  ///< a complete sentence
};

struct Outcome {
  std::string path;
  std::optional<std::uint64_t> step;
  std::string format;  ///< "hdf5", "safetensors"; empty if unknown
  State state = State::verified;
  ExitCode code = ExitCode::done;
  std::string reason;  ///< a complete sentence; empty where nothing has to be explained
  std::uint64_t tensors = 0;
  Bytes verified_bytes = 0;
  Bytes unverified_bytes = 0;  ///< without checksums
  std::vector<Damage> damage;
  std::vector<std::string> warnings;
};

/// True for what says something about a checkpoint, and nothing about this job.
bool is_about_checkpoint(ExitCode code) noexcept;

/// Of a program that looked at several: damage before what could not be read, before no checkpoint at all, before
/// nothing to verify with, before success.
ExitCode worst_of(std::span<Outcome const> outcomes) noexcept;

}  // namespace distload
