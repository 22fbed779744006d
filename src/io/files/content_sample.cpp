// Reads and hashes samples of files.
#include "io/files/content_sample.hpp"

#include <algorithm>
#include <span>

#include <distload/base/error.hpp>

#include "base/hash.hpp"
#include "io/files/input_file.hpp"

namespace distload {
namespace {

using Extents = std::vector<Extent const*>;

/// The extents of every file, sorted by offset.
std::vector<Extents> extents_by_file(Catalog const& catalog) {
  std::vector<Extents> files(catalog.files.size());
  for (auto const& extent : catalog.extents) {
    if (extent.nbytes > 0) files[extent.file].push_back(&extent);
  }
  for (auto& extents : files) std::ranges::sort(extents, {}, &Extent::offset_bytes);
  return files;
}

/// Blocks spread from the first byte to the last, so that a file with another end is detected.
std::vector<SampledBlock> blocks_of(Extents const& extents, std::size_t most) {
  std::vector<SampledBlock> blocks;
  Bytes total = 0;
  for (auto const* extent : extents) total += extent->nbytes;
  auto const count = std::min<Bytes>(most, divide_up(total, kSampledBytes));
  std::size_t number = 0;
  Bytes before = 0;  // bytes of the preceding extents
  for (Bytes i = 0; i < count; ++i) {
    auto const steps = std::max<Bytes>(1, count - 1);
    auto const place = (total - 1) / steps * i + (total - 1) % steps * i / steps;
    while (before + extents[number]->nbytes <= place) before += extents[number++]->nbytes;
    auto const& extent = *extents[number];
    auto const nbytes = std::min(kSampledBytes, extent.nbytes);
    auto const inside = std::min(place - before, extent.nbytes - nbytes);
    blocks.push_back({extent.offset_bytes + inside, nbytes, extent.tensor});
  }
  return blocks;
}

std::size_t most_samples(Catalog const& catalog) {
  return std::clamp<std::size_t>(kMostSamples / std::max<std::size_t>(1, catalog.files.size()), 1, kMostSamplesOfFile);
}

/// Adds the bytes [begin, end) of the file to `hash`.
void add(StreamHash& hash, InputFile const& file, Bytes begin, Bytes end) {
  std::vector<std::byte> bytes(std::min<Bytes>(kMiB, end - begin));
  while (begin < end) {
    auto const part = std::span(bytes).first(std::min<Bytes>(bytes.size(), end - begin));
    auto const got = file.read_at(begin, part);
    hash.update(part.first(got));
    if (got < part.size()) return;
    begin += got;
  }
}

ContentSample sample(std::string const& path, Extents const& extents, std::size_t most) {
  ContentSample sample;
  try {
    InputFile const file(path);
    sample.size_bytes = file.size_bytes();
    Bytes data_end = 0;
    for (auto const* extent : extents) data_end = std::max(data_end, extent->offset_bytes + extent->nbytes);
    auto const size = sample.size_bytes;
    auto const data_begin = extents.empty() ? size : extents.front()->offset_bytes;
    StreamHash header;
    add(header, file, 0, std::min({data_begin, size, kMostHeaderBytes}));
    if (!extents.empty() && data_end < size)
      add(header, file, std::max(data_end, size - std::min(size, kMostHeaderBytes)), size);
    sample.header = header.digest();
    std::vector<std::byte> bytes(kSampledBytes);
    for (auto const& block : blocks_of(extents, most)) {
      auto const part = std::span(bytes).first(block.nbytes);
      sample.blocks.push_back(xxh3_64(part.first(file.read_at(block.offset_bytes, part))));
    }
    sample.is_readable = true;
  } catch (IoError const& error) {
    sample.problem = error.what();
  }
  return sample;
}

}  // namespace

std::vector<SampledBlock> sampled_blocks(Catalog const& catalog, std::uint32_t file) {
  return blocks_of(extents_by_file(catalog)[file], most_samples(catalog));
}

std::vector<ContentSample> sample_content(Catalog const& catalog) {
  std::vector<ContentSample> samples;
  auto const extents = extents_by_file(catalog);
  for (std::size_t file = 0; file < extents.size(); ++file)
    samples.push_back(sample(catalog.files[file].path, extents[file], most_samples(catalog)));
  return samples;
}

ContentSample sample_content(Catalog const& catalog, std::uint32_t file) {
  return sample(catalog.files[file].path, extents_by_file(catalog)[file], most_samples(catalog));
}

}  // namespace distload
