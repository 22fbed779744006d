// Divides ranges at huge pages; each piece is populated by the first thread that needs it.
#include "base/first_touch.hpp"

#include <algorithm>
#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

#include "base/thread_seconds.hpp"

namespace distload {
namespace {

/// Lowers the priority of the calling thread, so that threads that have work to do come first where cores are rare.
void lower_priority() noexcept {
  constexpr int kNice = 10;
  static_cast<void>(setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice));
}

}  // namespace

FirstTouch::FirstTouch(std::vector<std::span<std::byte>> const& ranges, PageChoice& choice) : choice_(choice) {
  auto const advised = choice.current();
  for (auto const& range : ranges) {
    advise_page_size(range, advised);
    auto* const end = range.data() + range.size();
    for (auto* begin = range.data(); begin != end;) {
      auto* const border = std::min(next_huge_page(begin + 1), end);
      pieces_.push_back({begin, static_cast<Bytes>(border - begin), advised});
      begin = border;
    }
  }
  begun_ = std::make_unique<std::atomic<bool>[]>(pieces_.size());
}

void FirstTouch::start(std::span<std::span<std::byte const> const> prepared, bool helps) {
  std::vector<bool> is_prepared(pieces_.size());
  for (auto const& bytes : prepared) {
    auto const [begin, end] = pieces_of(bytes);
    for (auto piece = begin; piece < end; ++piece) is_prepared[piece] = true;
  }
  std::vector<std::size_t> order;
  for (std::size_t piece = 0; piece < pieces_.size(); ++piece) {
    if (!is_prepared[piece]) order.push_back(piece);
  }
  for (auto piece = pieces_.size(); helps && piece-- > 0;) {
    if (is_prepared[piece]) order.push_back(piece);
  }
  if (order.empty()) return;
  auto const work = [this, order = std::move(order)](std::stop_token const& stop) {
    lower_priority();
    for (auto const piece : order) {
      if (stop.stop_requested()) return;
      populate(piece);
    }
  };
  try {
    thread_ = std::jthread(work);
  } catch (std::system_error const&) {
    // The process may have no more threads. Then the memory gets its pages when it is written.
  }
}

void FirstTouch::prepare(std::span<std::byte const> bytes) {
  auto const [begin, end] = pieces_of(bytes);
  for (auto piece = begin; piece < end; ++piece) populate(piece);
}

std::pair<std::size_t, std::size_t> FirstTouch::pieces_of(std::span<std::byte const> bytes) const {
  auto const ends_before = [](Piece const& piece, std::byte const* at) { return piece.begin + piece.nbytes <= at; };
  auto const begins_before = [](Piece const& piece, std::byte const* at) { return piece.begin < at; };
  auto const first = std::lower_bound(pieces_.begin(), pieces_.end(), bytes.data(), ends_before);
  auto const behind = std::lower_bound(first, pieces_.end(), bytes.data() + bytes.size(), begins_before);
  return {static_cast<std::size_t>(first - pieces_.begin()), static_cast<std::size_t>(behind - pieces_.begin())};
}

void FirstTouch::populate(std::size_t number) {
  if (begun_[number].exchange(true)) return;
  auto const& piece = pieces_[number];
  std::span const memory(piece.begin, piece.nbytes);
  // Only whole huge pages are compared.
  bool const is_whole = piece.nbytes == kHugePageBytes;
  auto const size = is_whole ? choice_.next() : piece.advised;
  if (size != piece.advised) advise_page_size(memory, size);
  auto const start = thread_seconds();
  if (!populate_pages(memory)) return;
  if (is_whole) choice_.add(size, piece.nbytes, thread_seconds() - start);
}

}  // namespace distload
