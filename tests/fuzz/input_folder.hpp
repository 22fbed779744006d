/// Files for functions that read files: of one process, and gone with it.
#pragma once

#include <fstream>
#include <string>
#include <string_view>

#include "fuzz/fuzz_target.hpp"
#include "support/scratch_folder.hpp"

namespace distload::fuzz {

class InputFolder {
 public:
  void write(std::string const& name, std::string_view content) const {
    std::ofstream file(folder_.file(name), std::ios::binary | std::ios::trunc);
    file << content;
    file.close();
    expect(file.good(), "an input cannot be written");
  }

  std::string path() const { return folder_.path().string(); }
  std::string file(std::string const& name) const { return folder_.file(name); }

 private:
  ScratchFolder folder_;
};

}  // namespace distload::fuzz
