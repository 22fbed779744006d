// Joins ranges until they contain whole pages.
#include "redistribute/released_pages.hpp"

#include <algorithm>
#include <iterator>

namespace distload {

void ReleasedPages::add(std::span<ByteRange const> ranges) {
  for (auto const& range : ranges) add(range);
}

void ReleasedPages::add(ByteRange range) {
  auto next = free_.lower_bound(range.begin);
  auto joined = range;
  if (next != free_.begin() && std::prev(next)->second >= range.begin) --next;
  while (next != free_.end() && next->first <= range.end) {
    joined.begin = std::min(joined.begin, next->first);
    joined.end = std::max(joined.end, next->second);
    next = free_.erase(next);
  }
  free_.emplace(joined.begin, joined.end);
  // Arenas begin at pages, but offsets through several of them need not.
  auto const place = place_in(arenas_, range.begin);
  auto const before = range.begin - place.offset_bytes;
  auto const page = arenas_[place.arena]->page_bytes();
  auto const begin =
      std::max(round_up(joined.begin > before ? joined.begin - before : 0, page), round_down(place.offset_bytes, page));
  auto const end = std::min(round_down(joined.end - before, page), round_up(range.end - before, page));
  if (begin < end) arenas_[place.arena]->drop_pages(begin, end - begin);
}

}  // namespace distload
