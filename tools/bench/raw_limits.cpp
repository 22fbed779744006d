// pread, io_uring and pwrite on parts of files.
#include "bench/raw_limits.hpp"

#include <algorithm>
#include <numeric>

#include <distload/base/error.hpp>

#include "base/system.hpp"
#include "io/engines/direct_engine.hpp"
#include "io/engines/io_ring.hpp"
#include "io/files/output_file.hpp"
#include "save/commit/durable.hpp"

namespace distload {
namespace {

constexpr Bytes kRequestBytes = 8 * kMiB;

}  // namespace

RawReader::RawReader(Catalog const& catalog, std::uint32_t rank, std::uint32_t ranks) {
  std::vector<Part> all;
  for (std::uint32_t file = 0; file < catalog.files.size(); ++file) {
    files_.emplace_back(catalog.files[file].path);
    auto const size = catalog.files[file].size_bytes;
    for (Bytes offset = 0; offset < size; offset += kRequestBytes)
      all.push_back({.file = file, .offset = offset, .nbytes = std::min(kRequestBytes, size - offset)});
  }
  auto const share = [&](std::uint32_t of) { return static_cast<std::ptrdiff_t>(all.size() * of / ranks); };
  parts_.assign(all.begin() + share(rank), all.begin() + share(rank + 1));
  for (auto& part : parts_) {
    part.place = share_bytes_;
    share_bytes_ += round_up(part.nbytes, 4 * kKiB);
  }
  if (why_not_direct(catalog)) return;
  for (auto const& file : catalog.files) direct_files_.emplace_back(file.path, Caching::none);
}

void RawReader::read(HostMemory const& memory) const {
  for (auto const& part : parts_) {
    auto const& file = files_[part.file];
    if (file.read_at(part.offset, {memory.data() + part.place, part.nbytes}) != part.nbytes)
      throw CorruptData(file.path() + " is truncated");
  }
}

Bytes direct_buffer_bytes(std::uint32_t depth) noexcept { return depth * kRequestBytes; }

void RawReader::read_directly(HostMemory const& buffers, std::uint32_t depth) const {
  read_directly_to([&](Part const&, std::uint32_t request) { return buffers.data() + request * kRequestBytes; }, depth);
}

void RawReader::read_directly_in_place(HostMemory const& memory, std::uint32_t depth) const {
  read_directly_to([&](Part const& part, std::uint32_t) { return memory.data() + part.place; }, depth);
}

template <class Destination>
void RawReader::read_directly_to(Destination const& destination_of, std::uint32_t depth) const {
  IoRing ring(depth);
  std::vector<std::uint64_t> part_of(depth);  // by request
  std::vector<std::uint32_t> idle(depth);
  std::iota(idle.begin(), idle.end(), 0U);
  auto const complete_one = [&] {
    auto const done = ring.wait();
    auto const& part = parts_[part_of[done.id]];
    auto const& path = direct_files_[part.file].path();
    if (done.result < 0) throw IoError("cannot read " + path + ": " + system_reason(-done.result));
    if (static_cast<Bytes>(done.result) < part.nbytes) throw IoError(path + ": a direct read was cut short");
    idle.push_back(static_cast<std::uint32_t>(done.id));
  };
  for (std::size_t number = 0; number < parts_.size(); ++number) {
    auto const& part = parts_[number];
    if (idle.empty()) complete_one();
    auto const request = idle.back();
    idle.pop_back();
    part_of[request] = number;
    ring.read(direct_files_[part.file].descriptor(), part.offset,
              {destination_of(part, request), round_up(part.nbytes, 4 * kKiB)}, request);
  }
  while (ring.under_way() > 0) complete_one();
}

void write_raw(std::string const& path, Bytes file_offset, std::byte const* bytes, Bytes nbytes) {
  auto file = OutputFile::open(path);
  for (Bytes done = 0; done < nbytes; done += kRequestBytes)
    file.write_at(file_offset + done, {bytes + done, std::min(kRequestBytes, nbytes - done)});
  file.close();
  sync_file(path);
}

void write_raw_directly(std::string const& path, Bytes file_offset, std::byte const* bytes, Bytes nbytes,
                        std::uint32_t depth) {
  constexpr Bytes kWriteBytes = kMiB;
  auto const file = OutputFile::open(path, Caching::none);
  auto const end = round_up(nbytes, 4 * kKiB);
  IoRing ring(depth);
  auto const complete_one = [&] {
    auto const done = ring.wait();
    auto const wanted = std::min(kWriteBytes, end - done.id);
    if (done.result < 0) throw IoError("cannot write " + path + ": " + system_reason(-done.result));
    if (static_cast<Bytes>(done.result) < wanted) throw IoError(path + ": a direct write was cut short");
  };
  for (Bytes begin = 0; begin < end; begin += kWriteBytes) {
    if (ring.under_way() == depth) complete_one();
    ring.write(file.descriptor(), file_offset + begin, {bytes + begin, std::min(kWriteBytes, end - begin)}, begin);
  }
  while (ring.under_way() > 0) complete_one();
  file.sync();
}

void forget_files(Catalog const& catalog) {
  for (auto const& file : catalog.files) InputFile(file.path).forget_cached();
}

HostMemory touched_memory(Bytes nbytes) {
  HostMemory memory(nbytes, PageSize::huge);
  for (Bytes place = 0; place < nbytes; place += page_bytes()) memory.data()[place] = std::byte{1};
  return memory;
}

void settle_memory(Bytes nbytes) { touched_memory(nbytes); }

}  // namespace distload
