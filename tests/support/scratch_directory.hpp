/// A folder that all ranks of a test share.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <distload/parallel/communicator.hpp>

#include "support/scratch_folder.hpp"

namespace distload {

class ScratchDirectory {
 public:
  /// Collective.
  explicit ScratchDirectory(Communicator& ranks);
  /// Collective: removes it with all that is in it.
  ~ScratchDirectory();
  ScratchDirectory(ScratchDirectory const&) = delete;
  ScratchDirectory& operator=(ScratchDirectory const&) = delete;

  std::string path() const { return path_.string(); }
  std::string file(std::string const& name) const { return (path_ / name).string(); }

 private:
  Communicator* ranks_;
  std::optional<ScratchFolder> folder_;  ///< on rank 0
  std::filesystem::path path_;
};

}  // namespace distload
