// Files of random bytes and the catalog that describes them.
#include "unit/io/raw_checkpoint.hpp"

#include <cstring>
#include <fstream>
#include <random>

#include <unistd.h>

#include "base/hash.hpp"

namespace distload::testing {
namespace fs = std::filesystem;

RawCheckpoint::RawCheckpoint(fs::path directory) : directory_(std::move(directory)) {
  catalog_.format = SourceFormat::safetensors;
  catalog_.path = directory_.string();
  catalog_.block_bytes = kTestBlockBytes;
}

RawCheckpoint::~RawCheckpoint() {
  std::error_code ignored;
  if (written_) fs::remove_all(directory_, ignored);
}

std::uint32_t RawCheckpoint::add_file(Bytes gap_bytes) {
  auto const number = static_cast<std::uint32_t>(catalog_.files.size());
  catalog_.files.push_back({(directory_ / ("file-" + std::to_string(number))).string(), 0});
  contents_.emplace_back();
  gaps_.push_back(gap_bytes);
  return number;
}

std::uint32_t RawCheckpoint::add_tensor(std::uint32_t file, Bytes nbytes, bool checksums) {
  auto const number = static_cast<std::uint32_t>(catalog_.extents.size());
  auto& content = contents_[file];
  content.resize(content.size() + gaps_[file]);
  auto const offset = content.size();
  std::mt19937_64 random(number);
  content.resize(offset + nbytes);
  for (Bytes i = 0; i < nbytes; i += sizeof(std::uint64_t)) {
    auto const value = random();
    std::memcpy(content.data() + offset + i, &value, std::min<Bytes>(sizeof value, nbytes - i));
  }

  Shape const shape{nbytes};
  catalog_.tensors.push_back({"tensor." + std::to_string(number), DType::u8, shape, number, 1, "", -1});
  catalog_.extents.push_back({number, file, offset, nbytes, whole(shape), kNoBlocks});
  if (checksums) {
    catalog_.extents.back().first_block = static_cast<std::uint32_t>(catalog_.block_hashes.size());
    for (Bytes begin = 0; begin < nbytes; begin += catalog_.block_bytes)
      catalog_.block_hashes.push_back(
          xxh3_64(std::span(content).subspan(offset + begin, std::min(catalog_.block_bytes, nbytes - begin))));
  }
  catalog_.files[file].size_bytes = content.size();
  return number;
}

void RawCheckpoint::write() {
  fs::create_directory(directory_);
  written_ = true;
  for (std::size_t i = 0; i < contents_.size(); ++i) {
    std::ofstream stream(catalog_.files[i].path, std::ios::binary);
    stream.write(reinterpret_cast<char const*>(contents_[i].data()), static_cast<std::streamsize>(contents_[i].size()));
  }
}

void RawCheckpoint::damage(std::uint32_t extent, Bytes position) const {
  auto const at = catalog_.extents[extent].offset_bytes + position;
  auto const original = contents_[catalog_.extents[extent].file][at];
  std::fstream stream(path_of(extent), std::ios::binary | std::ios::in | std::ios::out);
  stream.seekp(static_cast<std::streamoff>(at));
  stream.put(static_cast<char>(~original));
}

void RawCheckpoint::truncate(std::uint32_t extent, Bytes position) const {
  fs::resize_file(path_of(extent), catalog_.extents[extent].offset_bytes + position);
}

std::vector<std::byte> RawCheckpoint::bytes_of(std::uint32_t extent) const {
  auto const& at = catalog_.extents[extent];
  auto const content = std::span(contents_[at.file]).subspan(at.offset_bytes, at.nbytes);
  return {content.begin(), content.end()};
}

fs::path fresh_directory() {
  static int counter = 0;
  return fs::temp_directory_path() / ("distload-io-" + std::to_string(getpid()) + "-" + std::to_string(counter++));
}

}  // namespace distload::testing
