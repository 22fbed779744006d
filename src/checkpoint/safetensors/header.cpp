// A parser handler that accepts only safetensors headers and rejects malicious nesting or types at the first wrong
// token.
#include "checkpoint/safetensors/header.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>

#include <distload/base/error.hpp>

#include "base/json_parser.hpp"
#include "base/text.hpp"

namespace distload {
namespace {

/// A tensor has up to 14 members and items; the size limit of headers bounds their number so that they fit into memory.
constexpr JsonLimits kHeaderLimits{.text_bytes = kMaxSafetensorsHeaderBytes,
                                   .depth = 4,
                                   .values = 50'000'000,
                                   .string_bytes = kMaxSafetensorsHeaderBytes};

/// Characters of an unknown dtype that a message shows.
constexpr std::size_t kShownDType = 40;

/// The parser's state: its position in the header.
enum class Place { start, tensors, tensor, dtype, shape_value, shape, offsets_value, offsets, metadata, finished };

class HeaderHandler : public JsonHandler {
 public:
  std::vector<SafetensorsEntry> entries;

  void on_null() override {
    // As safetensors' own reader does.
    if (place_ == Place::tensors && in_metadata_) return;
    throw JsonProblem("null is no part of a header");
  }
  void on_boolean(bool) override { throw JsonProblem("true and false are no part of a header"); }
  void on_negative(std::int64_t value) override { throw JsonProblem(std::to_string(value) + " is negative"); }
  void on_real(double, std::string_view text) override {
    throw JsonProblem(printable(text) + " is not a whole number of 64 bits");
  }

  void on_number(std::uint64_t value) override {
    if (place_ == Place::shape) {
      if (entry_.shape.size() == kMaxAxes) throw JsonProblem("more than " + std::to_string(kMaxAxes) + " axes");
      entry_.shape.push_back(value);
    } else if (place_ == Place::offsets) {
      if (offset_count_ == offsets_.size()) throw JsonProblem("data_offsets has more than two numbers");
      offsets_[offset_count_++] = value;
    } else {
      throw JsonProblem("a number where none belongs");
    }
  }

  void on_text(std::string_view value) override {
    if (place_ == Place::metadata) return;
    if (place_ != Place::dtype) throw JsonProblem("the text '" + printable(value) + "' where none belongs");
    has_dtype_ = true;
    if (auto const dtype = parse_dtype(value)) {
      entry_.dtype = *dtype;
    } else {
      entry_.unreadable = "has dtype '" + printable(value, kShownDType) + "', which is not known";
    }
    place_ = Place::tensor;
  }

  void on_object() override {
    if (place_ == Place::start) {
      place_ = Place::tensors;
      return;
    }
    if (place_ != Place::tensors) throw JsonProblem("an object where none belongs");
    if (in_metadata_) {
      place_ = Place::metadata;
      return;
    }
    has_dtype_ = false;
    entry_.unreadable.clear();
    has_shape_ = false;
    has_offsets_ = false;
    entry_.shape = {};
    offset_count_ = 0;
    place_ = Place::tensor;
  }

  void on_key(std::string_view name, std::size_t) override {
    if (place_ == Place::tensors) {
      in_metadata_ = name == kSafetensorsMetadataKey;
      entry_.name = name;
    } else if (place_ == Place::tensor) {
      begin_field(name);
    } else if (place_ != Place::metadata) {
      throw JsonProblem("a value is missing");
    }
  }

  void on_object_end() override {
    if (place_ == Place::metadata) {
      place_ = Place::tensors;
    } else if (place_ == Place::tensors) {
      place_ = Place::finished;
    } else {
      if (!has_dtype_ || !has_shape_ || !has_offsets_) throw JsonProblem("needs dtype, shape and data_offsets");
      entry_.begin_bytes = offsets_[0];
      entry_.end_bytes = offsets_[1];
      entries.push_back(std::move(entry_));
      place_ = Place::tensors;
    }
  }

  void on_list() override {
    if (place_ == Place::shape_value) {
      place_ = Place::shape;
    } else if (place_ == Place::offsets_value) {
      place_ = Place::offsets;
    } else {
      throw JsonProblem("a list where none belongs");
    }
  }

  void on_list_end() override {
    if (place_ == Place::shape) {
      has_shape_ = true;
    } else {
      if (offset_count_ != offsets_.size()) throw JsonProblem("data_offsets needs two numbers");
      has_offsets_ = true;
    }
    place_ = Place::tensor;
  }

 private:
  void begin_field(std::string_view name) {
    if (name == "dtype" && !has_dtype_) {
      place_ = Place::dtype;
    } else if (name == "shape" && !has_shape_) {
      place_ = Place::shape_value;
    } else if (name == "data_offsets" && !has_offsets_) {
      place_ = Place::offsets_value;
    } else {
      throw JsonProblem("the key '" + printable(name) + "' is unknown or occurs twice");
    }
  }

  Place place_ = Place::start;
  bool in_metadata_ = false;
  SafetensorsEntry entry_;
  bool has_dtype_ = false;
  bool has_shape_ = false;
  bool has_offsets_ = false;
  std::array<std::uint64_t, 2> offsets_{};
  std::size_t offset_count_ = 0;
};

std::string range_of(SafetensorsEntry const& entry) {
  return "bytes " + std::to_string(entry.begin_bytes) + " to " + std::to_string(entry.end_bytes);
}

/// Changes the shape of a tensor from numbers to units of whole bytes.
void pack(SafetensorsEntry& entry) {
  auto const unit = elements_per_unit(entry.dtype);
  if (unit == 1) return;
  auto& shape = entry.shape;
  if (shape.empty() || shape.back() % unit != 0) {
    entry.unreadable = "has rows of " + std::to_string(shape.empty() ? 1 : shape.back()) + " numbers of " +
                       std::string(name_of(entry.dtype)) + ", which do not fill whole bytes";
    return;
  }
  shape[shape.size() - 1] /= unit;
}

}  // namespace

std::vector<SafetensorsEntry> parse_safetensors_header(std::span<char const> json, std::optional<Bytes> data_bytes,
                                                       std::string const& file) {
  auto const fail = [&](std::string const& what) { throw CorruptData(file + ": " + what); };
  HeaderHandler handler;
  parse_json_events({json.data(), json.size()}, kHeaderLimits, file + ": header", handler);
  auto& entries = handler.entries;

  for (auto& entry : entries) {
    auto const name = [&] { return printable(entry.name); };
    if (entry.begin_bytes > entry.end_bytes) fail(name() + ": " + range_of(entry) + " run backwards");
    if (data_bytes && entry.end_bytes > *data_bytes) {
      fail(name() + ": " + range_of(entry) + " lie behind the end of the data (" + std::to_string(*data_bytes) +
           " bytes); the file is cut short or damaged");
    }
    if (entry.name.empty()) entry.unreadable = "has no name";
    if (!entry.unreadable.empty()) continue;
    auto nbytes = checked_volume(entry.shape, size_of(entry.dtype));
    if (!nbytes) fail(name() + ": shape " + to_string(entry.shape) + " overflows");
    auto const unit = elements_per_unit(entry.dtype);
    auto const has_whole_bytes = *nbytes % unit == 0;
    *nbytes /= unit;
    if (entry.end_bytes - entry.begin_bytes != *nbytes || !has_whole_bytes) {
      fail(name() + ": shape " + to_string(entry.shape) + " of " + std::string(name_of(entry.dtype)) + " needs " +
           (has_whole_bytes ? "" : "more than ") + std::to_string(*nbytes) + " bytes, but " + range_of(entry) +
           " are given");
    }
    pack(entry);
  }
  auto const comes_before = [](auto const& a, auto const& b) {
    return std::tie(a.begin_bytes, a.end_bytes, a.name) < std::tie(b.begin_bytes, b.end_bytes, b.name);
  };
  // Most writers list tensors in the order of their data.
  if (!std::ranges::is_sorted(entries, comes_before)) std::ranges::sort(entries, comes_before);
  Bytes at = 0;
  std::string_view before = "the beginning";
  for (auto const& entry : entries) {
    if (entry.begin_bytes < at)
      fail(printable(entry.name) + " and " + printable(before) + " overlap at byte " +
           std::to_string(entry.begin_bytes) + " of the data");
    if (entry.begin_bytes > at)
      fail("there is a hole between " + printable(before) + " and " + printable(entry.name) + ", at byte " +
           std::to_string(at) + " of the data");
    at = entry.end_bytes;
    before = entry.name;
  }
  if (data_bytes && at != *data_bytes)
    fail("the data has " + std::to_string(*data_bytes) + " bytes, but the tensors end at " + std::to_string(at));
  return std::move(entries);
}

}  // namespace distload
