// Buffers that go round: being filled, being written, free.
#include "io/direct_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <distload/base/error.hpp>

#include "base/system.hpp"
#include "io/io_ring.hpp"

namespace distload {
namespace {

/// One huge page, which a device is told of as one piece.
constexpr Bytes kBufferBytes = kHugePageBytes;
constexpr auto kBuffers = DirectWriter::kMemoryBytes / kBufferBytes;

constexpr Bytes round_down(Bytes value, Bytes alignment) { return value - value % alignment; }

}  // namespace

DirectWriter::DirectWriter(std::vector<std::string> paths) : paths_(std::move(paths)), files_(paths_.size()) {
  try {
    ring_ = std::make_unique<IoRing>(static_cast<std::uint32_t>(kBuffers));
  } catch (IoError const& refusal) {
    shortcoming_ = refusal.what();
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
      // Buffers are aligned to huge pages, which every device is content with.
      if (file->alignment.offset > kBufferBytes / 2) file->direct.reset();
    } catch (IoError const& refusal) {
      shortcoming_ = refusal.what();
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
    memory_ = HugePages(kMemoryBytes);
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
  auto const write_edge = [&](Bytes begin, Bytes end) {
    if (begin < end) file.cached.write_at(buffer.offset + begin, {buffer.data + begin, end - begin});
  };
  auto const whole_begin = round_up(buffer.begin, file.alignment.offset);
  auto const whole_end = round_down(buffer.end, file.alignment.offset);
  if (!file.direct || whole_begin >= whole_end) {
    write_edge(buffer.begin, buffer.end);
    free_.push_back(number);
    return;
  }
  write_edge(buffer.begin, whole_begin);
  write_edge(whole_end, buffer.end);
  if (!ring_) {
    file.direct->write_at(buffer.offset + whole_begin, {buffer.data + whole_begin, whole_end - whole_begin});
    free_.push_back(number);
    return;
  }
  buffer.written = whole_begin;
  buffer.limit = whole_end;
  submit(number);
}

void DirectWriter::submit(std::size_t number) {
  auto const& buffer = buffers_[number];
  ring_->write(files_[buffer.file]->direct->descriptor(), buffer.offset + buffer.written,
               {buffer.data + buffer.written, buffer.limit - buffer.written}, number);
}

void DirectWriter::wait_for_one() {
  auto const completion = ring_->wait();
  auto& buffer = buffers_[completion.id];
  if (completion.result == -EAGAIN || completion.result == -EINTR) return submit(completion.id);
  if (completion.result <= 0) {
    throw IoError("cannot write " + paths_[buffer.file] + " at byte " +
                  std::to_string(buffer.offset + buffer.written) + ": " +
                  (completion.result == 0 ? "nothing was taken" : system_reason(-completion.result)));
  }
  buffer.written += static_cast<Bytes>(completion.result);
  if (buffer.written == buffer.limit) {
    free_.push_back(completion.id);
  } else if (completion.result % static_cast<std::int32_t>(files_[buffer.file]->alignment.offset) == 0) {
    submit(completion.id);
  } else {
    // Cut within a block: the rest can only go through the page cache.
    files_[buffer.file]->cached.write_at(buffer.offset + buffer.written,
                                         {buffer.data + buffer.written, buffer.limit - buffer.written});
    free_.push_back(completion.id);
  }
}

void DirectWriter::flush() {
  if (current_) submit_current();
  while (ring_ && ring_->under_way() > 0) wait_for_one();
}

void DirectWriter::sync() {
  flush();
  for (auto const& file : files_) {
    if (file) file->cached.sync();
  }
}

}  // namespace distload
