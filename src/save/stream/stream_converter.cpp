// Alternates between two slots.
#include "save/stream/stream_converter.hpp"

#include <algorithm>

#include "base/page_choice.hpp"
#include "tensor/kernels/copy_kernel.hpp"

namespace distload {
namespace {

/// Alignment of the destination area: suits elements and direct I/O.
constexpr Bytes kAreaAlignment = 4 * kKiB;
constexpr Bytes kLeastSlotBytes = 2 * kAreaAlignment;

}  // namespace

StreamConverter::StreamConverter(StreamTensors const& tensors, std::span<StreamPiece const> pieces,
                                 StreamReader& reader, std::span<std::uint32_t const> stored, ExtentWriter& writer,
                                 Bytes staging_bytes)
    : tensors_(&tensors),
      pieces_(pieces),
      reader_(&reader),
      stored_(stored),
      writer_(&writer),
      slot_bytes_(std::max(staging_bytes / 2, kLeastSlotBytes)) {
  if (pieces_.empty()) return;
  for (auto& slot : slots_) slot.memory = HostMemory(slot_bytes_, measured_page_size());
  tensor_ = (*tensors_)[pieces_.front().tensor];
  begin_ = pieces_.front().begin;
  start_next(slots_[present_]);
}

void StreamConverter::advance_to(Bytes goal_bytes, std::function<void(Bytes)> const& on_bytes) {
  while (done_bytes_ < goal_bytes) {
    auto& slot = slots_[present_];
    slot.reading.get();
    present_ = 1 - present_;
    start_next(slots_[present_]);
    convert(slot);
    done_bytes_ += slot.cost_bytes;
    read_bytes_ += slot.band.source_bytes;
    on_bytes(slot.band.source_bytes);
  }
}

void StreamConverter::start_next(Slot& slot) {
  if (pieces_.empty()) return;
  auto const& piece = pieces_.front();
  auto const element_bytes = size_of(tensor_.from) + size_of(tensor_.to);
  auto const most = (slot_bytes_ - kAreaAlignment) / element_bytes;
  auto const end = std::min(end_of_stretch(tensor_.shape, begin_, most), piece.end);
  slot.band = plan_band(tensor_, begin_, end);
  slot.destination_offset = round_up(slot.band.source_bytes, kAreaAlignment);
  slot.cast = {tensor_.from, tensor_.to};
  slot.cost_bytes = (end - begin_) * element_bytes;
  begin_ = end;
  if (begin_ == piece.end) {
    pieces_ = pieces_.subspan(1);
    if (!pieces_.empty()) {
      if (pieces_.front().tensor != piece.tensor) tensor_ = (*tensors_)[pieces_.front().tensor];
      begin_ = pieces_.front().begin;
    }
  }
  slot.reading = std::async(std::launch::async, [this, &slot] { read(slot); });
}

void StreamConverter::read(Slot const& slot) {
  std::vector<ReadRequest> requests;
  requests.reserve(slot.band.reads.size());
  for (auto const& range : slot.band.reads) {
    auto const extent = stored_.empty() ? range.extent : stored_[range.extent];
    requests.push_back({extent, range.begin_bytes, range.nbytes, slot.memory.data() + range.offset_bytes});
  }
  reader_->read(requests);
}

void StreamConverter::convert(Slot const& slot) {
  auto const* const source = slot.memory.data();
  auto* const destination = slot.memory.data() + slot.destination_offset;
  for (auto const& copy : slot.band.copies) {
    if (slot.cast.from == slot.cast.to) {
      copy_on_host(copy, source, destination);
    } else {
      overflows_ += cast_on_host({{copy, source, destination}, slot.cast});
    }
  }
  for (auto const& range : slot.band.writes) {
    auto const* const area = range.straight ? source : destination;
    writer_->write(range.extent, range.begin_bytes, {area + range.offset_bytes, range.nbytes});
  }
}

}  // namespace distload
