/// The result of distload-verify for one checkpoint.
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
  verified,   ///< checked; damage is listed
  not_valid,  ///< not a loadable checkpoint; `reason` says why
  skipped,    ///< skipped: another checkpoint of the directory was requested
  sealed,
  compared,  ///< compared with published sums; `reason` summarises
};

/// A range of a file with wrong bytes.
struct Damage {
  std::string tensor;  ///< empty where a whole file is meant
  std::string file;
  Bytes begin_bytes = 0;  ///< offset in the file
  Bytes end_bytes = 0;
  std::string reason;  ///< a complete sentence
};

struct Outcome {
  std::string path;
  std::optional<std::uint64_t> step;
  std::string format;  ///< "hdf5", "safetensors"; empty if unknown
  State state = State::verified;
  ExitCode code = ExitCode::done;
  std::string reason;  ///< a complete sentence; may be empty
  std::uint64_t tensors = 0;
  Bytes verified_bytes = 0;
  Bytes unverified_bytes = 0;  ///< bytes without checksums
  std::vector<Damage> damage;
  std::vector<std::string> warnings;
};

/// True for codes that describe a checkpoint and not a problem of this job.
bool is_about_checkpoint(ExitCode code) noexcept;

/// The exit code for several outcomes: damage before unreadable files, before no checkpoint, before nothing to verify
/// with, before success.
ExitCode worst_of(std::span<Outcome const> outcomes) noexcept;

}  // namespace distload
