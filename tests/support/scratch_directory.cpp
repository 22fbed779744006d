// Made and removed by rank 0.
#include "support/scratch_directory.hpp"

#include <cstring>
#include <vector>

namespace distload {

ScratchDirectory::ScratchDirectory(Communicator& ranks) : ranks_(&ranks) {
  std::vector<std::byte> message;
  if (ranks.rank() == 0) {
    auto const name = folder_.emplace().path().string();
    message.resize(name.size());
    std::memcpy(message.data(), name.data(), name.size());
  }
  message = broadcast_message(ranks, std::move(message), 0);
  path_ = std::string(reinterpret_cast<char const*>(message.data()), message.size());
}

ScratchDirectory::~ScratchDirectory() {
  ranks_->barrier();  // nobody needs it any more
}

}  // namespace distload
