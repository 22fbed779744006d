// Made and removed by rank 0.
#include "scratch_directory.hpp"

#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace distload {

ScratchDirectory::ScratchDirectory(Communicator& ranks) : ranks_(&ranks) {
  std::vector<std::byte> message;
  if (ranks.rank() == 0) {
    std::string name = (std::filesystem::temp_directory_path() / "distload-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no scratch folder");
    message.resize(name.size());
    std::memcpy(message.data(), name.data(), name.size());
  }
  message = broadcast_message(ranks, std::move(message), 0);
  path_ = std::string(reinterpret_cast<char const*>(message.data()), message.size());
}

ScratchDirectory::~ScratchDirectory() {
  ranks_->barrier();
  std::error_code ignored;
  if (ranks_->rank() == 0) std::filesystem::remove_all(path_, ignored);
}

}  // namespace distload
