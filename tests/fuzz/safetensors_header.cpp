// Headers of safetensors files. An input is the data's size in decimal on a line of its own, then the header's JSON.
#include "checkpoint/safetensors/header.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "checkpoint/safetensors/file_layout.hpp"
#include "fuzz/fuzz_target.hpp"

namespace distload::fuzz {
namespace {

void expect_filled(std::vector<SafetensorsEntry> const& entries, Bytes data_bytes) {
  Bytes at = 0;
  for (auto const& entry : entries) {
    expect(entry.begin_bytes == at, "a tensor does not begin where the one before it ends");
    expect(!entry.unreadable.empty() ||
               checked_volume(entry.shape, size_of(entry.dtype)) == entry.end_bytes - entry.begin_bytes,
           "a tensor has another size than its shape");
    at = entry.end_bytes;
  }
  expect(at == data_bytes, "the tensors do not fill the data");
}

/// What distload writes for the same tensors reads back as them.
void expect_round_trip(std::vector<SafetensorsEntry> entries) {
  std::erase_if(entries, [](auto const& entry) { return !entry.unreadable.empty(); });
  std::vector<SafetensorsTensor> tensors;
  for (auto const& entry : entries) tensors.push_back({entry.name, entry.dtype, entry.shape});
  std::ranges::sort(entries, {}, &SafetensorsEntry::name);
  for (auto const& file : lay_out_safetensors(tensors, std::numeric_limits<Bytes>::max())) {
    auto const json = std::span<char const>(file.header).subspan(sizeof(std::uint64_t));
    auto again = parse_safetensors_header(json, file.size_bytes - file.header.size(), file.name);
    std::ranges::sort(again, {}, &SafetensorsEntry::name);
    expect(std::ranges::equal(again, entries,
                              [](auto const& a, auto const& b) {
                                return a.name == b.name && a.dtype == b.dtype && a.shape == b.shape;
                              }),
           "a header reads back as another one");
  }
}

}  // namespace

void one_input(Input input) {
  auto const text = text_of(input);
  auto const line = text.substr(0, text.find('\n'));
  Bytes data_bytes = 0;
  std::from_chars(line.data(), line.data() + line.size(), data_bytes);
  auto const entries = parse_safetensors_header(text.substr(std::min(line.size() + 1, text.size())), data_bytes, "f");
  expect_filled(entries, data_bytes);
  expect_round_trip(entries);
}

}  // namespace distload::fuzz
