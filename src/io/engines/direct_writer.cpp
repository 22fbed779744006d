// Manages a ring of write buffers: each is being filled, being written, or free.
#include "io/engines/direct_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include <distload/base/error.hpp>

#include "base/system.hpp"
#include "io/engines/io_ring.hpp"

namespace distload {
namespace {

/// One huge page, which the device gets as one segment.
constexpr Bytes kBufferBytes = kHugePageBytes;
constexpr auto kBuffers = DirectWriter::kMemoryBytes / kBufferBytes;

}  // namespace

DirectWriter::DirectWriter(std::vector<std::string> paths) : paths_(std::move(paths)), files_(paths_.size()) {
  try {
    ring_ = std::make_unique<IoRing>(static_cast<std::uint32_t>(kBuffers));
  } catch (IoError const&) {
    ring_.reset();  // writes are then synchronous
  }
}

DirectWriter::~DirectWriter() = default;

DirectWriter::OpenFile& DirectWriter::open(std::uint32_t number) {
  auto& file = files_.at(number);
  if (!file) {
    file.emplace(OpenFile{OutputFile::open(paths_[number]), std::nullopt, {}});
    try {
      file->direct.emplace(OutputFile::open(paths_[number], Caching::none));
      file->alignment = direct_alignment_of(file->direct->descriptor());
      // Buffers are aligned to huge pages, which suffices for every device's memory alignment.
      if (file->alignment.offset > kBufferBytes / 2) file->direct.reset();
    } catch (IoError const&) {
      file->direct.reset();  // use the page cache instead
    }
  }
  return *file;
}

OutputFile const& DirectWriter::file(std::uint32_t number) { return open(number).cached; }

void DirectWriter::write(std::uint32_t file, Bytes offset_bytes, std::span<std::byte const> bytes) {
  while (!bytes.empty()) {
    if (current_) {
      auto const& buffer = buffers_[*current_];
      if (buffer.file != file || buffer.offset + buffer.end != offset_bytes) submit_current();
    }
    if (!current_) {
      auto const alignment = open(file).alignment.offset;
      auto const number = free_buffer();
      auto const begin = offset_bytes % alignment;
      buffers_[number] = {buffers_[number].data, file, offset_bytes - begin, begin, begin, 0, 0};
      current_ = number;
    }
    auto& buffer = buffers_[*current_];
    auto const taken = std::min<Bytes>(bytes.size(), kBufferBytes - buffer.end);
    std::copy_n(bytes.data(), taken, buffer.data + buffer.end);
    buffer.end += taken;
    offset_bytes += taken;
    bytes = bytes.subspan(taken);
    if (buffer.end == kBufferBytes) submit_current();
  }
}

std::size_t DirectWriter::free_buffer() {
  if (memory_.data() == nullptr) {
    memory_ = HostMemory(kMemoryBytes, PageSize::huge);
    if (ring_) ring_->register_memory({memory_.data(), kMemoryBytes});
    buffers_.resize(kBuffers);
    for (std::size_t i = 0; i < kBuffers; ++i) {
      buffers_[i].data = memory_.data() + i * kBufferBytes;
      free_.push_back(i);
    }
  }
  while (free_.empty()) wait_for_one();
  auto const number = free_.back();
  free_.pop_back();
  return number;
}

void DirectWriter::submit_current() {
  auto const number = *current_;
  current_.reset();
  auto& buffer = buffers_[number];
  auto const& file = open(buffer.file);
  auto const bytes = [&buffer](Bytes begin, Bytes end) {
    return std::span<std::byte const>(buffer.data + begin, end - begin);
  };
  if (!file.direct) {
    file.cached.write_at(buffer.offset + buffer.begin, bytes(buffer.begin, buffer.end));
    free_.push_back(number);
    return;
  }
  auto const block = file.alignment.offset;
  auto const first_end = std::min(round_up(buffer.begin, block), buffer.end);
  auto const last_begin = std::max(round_down(buffer.end, block), first_end);
  // keep_edge may need a free buffer, so the edges are copied first.
  std::vector<std::byte> const first(buffer.data + buffer.begin, buffer.data + first_end);
  std::vector<std::byte> const last(buffer.data + last_begin, buffer.data + buffer.end);
  Place const first_place{buffer.file, buffer.offset + buffer.begin};
  Place const last_place{buffer.file, buffer.offset + last_begin};
  buffer.written = first_end;
  buffer.limit = last_begin;
  if (first_end < last_begin) {
    submit(number);
  } else {
    free_.push_back(number);
  }
  keep_edge(first_place, first);
  keep_edge(last_place, last);
}

void DirectWriter::keep_edge(Place place, std::span<std::byte const> bytes) {
  if (bytes.empty()) return;
  auto const block = open(place.file).alignment.offset;
  std::vector<std::byte> edge(bytes.begin(), bytes.end());
  auto const is_in_block = [&](Place const& other) {
    return other.file == place.file && other.offset / block == place.offset / block;
  };
  auto next = edges_.lower_bound(place);
  if (next != edges_.end() && is_in_block(next->first) && next->first.offset == place.offset + edge.size()) {
    edge.insert(edge.end(), next->second.begin(), next->second.end());
    next = edges_.erase(next);
  }
  if (next != edges_.begin()) {
    auto const before = std::prev(next);
    if (is_in_block(before->first) && before->first.offset + before->second.size() == place.offset) {
      edge.insert(edge.begin(), before->second.begin(), before->second.end());
      place = before->first;
      edges_.erase(before);
    }
  }
  if (edge.size() < block) {
    edges_.emplace(place, std::move(edge));
    return;
  }
  auto const number = free_buffer();
  auto& buffer = buffers_[number];
  buffer = {buffer.data, place.file, place.offset, 0, block, 0, block};
  std::copy(edge.begin(), edge.end(), buffer.data);
  submit(number);
}

void DirectWriter::submit(std::size_t number) {
  auto const& buffer = buffers_[number];
  auto const& [cached, direct, alignment] = *files_[buffer.file];
  std::span<std::byte const> const bytes(buffer.data + buffer.written, buffer.limit - buffer.written);
  if (ring_ && direct) {
    ring_->write(direct->descriptor(), buffer.offset + buffer.written, bytes, number);
  } else {
    (direct ? *direct : cached).write_at(buffer.offset + buffer.written, bytes);
    free_.push_back(number);
  }
}

void DirectWriter::wait_for_one() {
  auto const completion = ring_->wait();
  auto& buffer = buffers_[completion.id];
  if (completion.result == -EAGAIN || completion.result == -EINTR) return submit(completion.id);
  if (completion.result == -EINVAL) {
    // Some file systems accept O_DIRECT on open and reject writes; use the page cache from here on.
    files_[buffer.file]->direct.reset();
    return submit(completion.id);
  }
  if (completion.result < 0) {
    throw IoError("cannot write " + paths_[buffer.file] + " at byte " + std::to_string(buffer.offset + buffer.written) +
                  ": " + system_reason(-completion.result));
  }
  // A partial write that ended inside a block continues at the start of that block.
  auto const whole_blocks = round_down(static_cast<Bytes>(completion.result), files_[buffer.file]->alignment.offset);
  if (whole_blocks == 0) throw IoError("cannot write " + paths_[buffer.file] + ": the system takes no whole block");
  buffer.written += whole_blocks;
  if (buffer.written < buffer.limit) return submit(completion.id);
  free_.push_back(completion.id);
}

void DirectWriter::flush() {
  if (current_) submit_current();
  while (ring_ && ring_->under_way() > 0) wait_for_one();
}

void DirectWriter::sync() {
  flush();
  for (auto const& [place, bytes] : edges_) open(place.file).cached.write_at(place.offset, bytes);
  edges_.clear();
  for (auto const& file : files_) {
    if (file) file->cached.sync();
  }
}

}  // namespace distload
