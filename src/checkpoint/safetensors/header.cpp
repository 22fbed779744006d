// A SAX handler that accepts nothing but a safetensors header, so that hostile nesting or types end at the first wrong
// token.
#include "checkpoint/safetensors/header.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

#include <distload/base/error.hpp>

namespace distload {
namespace {

constexpr char const* kMetadataKey = "__metadata__";

/// Where in the header the parser is.
enum class Place { start, tensors, tensor, dtype, shape_value, shape, offsets_value, offsets, metadata, finished };

class HeaderHandler : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::vector<SafetensorsEntry> entries;
  std::string error;

  bool null() override { return refuse("null is no part of a header"); }
  bool boolean(bool) override { return refuse("true and false are no part of a header"); }
  bool binary(binary_t&) override { return refuse("binary is no part of a header"); }
  bool number_integer(number_integer_t value) override { return refuse(std::to_string(value) + " is negative"); }
  bool number_float(number_float_t, string_t const& text) override {
    return refuse(text + " is not a whole number of 64 bits");
  }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ == Place::shape) {
      if (entry_.shape.size() == kMaxAxes) return refuse("has more than " + std::to_string(kMaxAxes) + " axes");
      entry_.shape.push_back(value);
      return true;
    }
    if (place_ == Place::offsets) {
      if (offsets_.size() == 2) return refuse("data_offsets has more than two numbers");
      offsets_.push_back(value);
      return true;
    }
    return refuse("a number where none belongs");
  }

  bool string(string_t& value) override {
    if (place_ == Place::metadata) return true;
    if (place_ != Place::dtype) return refuse("the text '" + value + "' where none belongs");
    auto const dtype = parse_dtype(value);
    if (!dtype) return refuse("dtype '" + value + "' is not known");
    dtype_ = *dtype;
    place_ = Place::tensor;
    return true;
  }

  bool start_object(std::size_t) override {
    if (place_ == Place::start) {
      place_ = Place::tensors;
      return true;
    }
    if (place_ != Place::tensors) return refuse("an object where none belongs");
    if (in_metadata_) {
      place_ = Place::metadata;
      return true;
    }
    dtype_.reset();
    has_shape_ = false;
    has_offsets_ = false;
    entry_.shape = {};
    offsets_.clear();
    place_ = Place::tensor;
    return true;
  }

  bool key(string_t& name) override {
    if (place_ == Place::tensors) {
      entry_.name = name;
      if (!names_.insert(name).second) return refuse("occurs twice");
      in_metadata_ = name == kMetadataKey;
      return true;
    }
    if (place_ == Place::metadata) return true;
    if (name == "dtype" && !dtype_) {
      place_ = Place::dtype;
    } else if (name == "shape" && !has_shape_) {
      place_ = Place::shape_value;
    } else if (name == "data_offsets" && !has_offsets_) {
      place_ = Place::offsets_value;
    } else {
      return refuse("the key '" + name + "' is unknown or occurs twice");
    }
    return true;
  }

  bool end_object() override {
    if (place_ == Place::metadata) {
      place_ = Place::tensors;
      return true;
    }
    if (place_ == Place::tensors) {
      place_ = Place::finished;
      return true;
    }
    if (place_ != Place::tensor) return refuse("a value is missing");
    if (!dtype_ || !has_shape_ || !has_offsets_) return refuse("needs dtype, shape and data_offsets");
    entry_.dtype = *dtype_;
    entry_.begin_bytes = offsets_[0];
    entry_.end_bytes = offsets_[1];
    entries.push_back(entry_);
    place_ = Place::tensors;
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ == Place::shape_value) {
      place_ = Place::shape;
    } else if (place_ == Place::offsets_value) {
      place_ = Place::offsets;
    } else {
      return refuse("a list where none belongs");
    }
    return true;
  }

  bool end_array() override {
    if (place_ == Place::shape) {
      has_shape_ = true;
    } else {
      if (offsets_.size() != 2) return refuse("data_offsets needs two numbers");
      has_offsets_ = true;
    }
    place_ = Place::tensor;
    return true;
  }

  bool parse_error(std::size_t position, std::string const&, nlohmann::detail::exception const& exception) override {
    error = "the header is not JSON at byte " + std::to_string(position) + ": " + exception.what();
    return false;
  }

 private:
  bool refuse(std::string const& what) {
    error = entry_.name.empty() ? what : entry_.name + ": " + what;
    return false;
  }

  Place place_ = Place::start;
  bool in_metadata_ = false;
  std::set<std::string> names_;
  SafetensorsEntry entry_;
  std::optional<DType> dtype_;
  bool has_shape_ = false;
  bool has_offsets_ = false;
  std::vector<std::uint64_t> offsets_;
};

std::string range_of(SafetensorsEntry const& entry) {
  return "bytes " + std::to_string(entry.begin_bytes) + " to " + std::to_string(entry.end_bytes);
}

}  // namespace

std::vector<SafetensorsEntry> parse_safetensors_header(std::span<char const> json, Bytes data_bytes,
                                                       std::string const& file) {
  auto const fail = [&](std::string const& what) { throw CorruptData(file + ": " + what); };
  HeaderHandler handler;
  if (!nlohmann::json::sax_parse(json.begin(), json.end(), &handler)) fail(handler.error);
  auto& entries = handler.entries;

  for (auto const& entry : entries) {
    auto const nbytes = checked_volume(entry.shape, size_of(entry.dtype));
    if (!nbytes) fail(entry.name + ": shape " + to_string(entry.shape) + " overflows");
    if (entry.begin_bytes > entry.end_bytes) fail(entry.name + ": " + range_of(entry) + " run backwards");
    if (entry.end_bytes > data_bytes) {
      fail(entry.name + ": " + range_of(entry) + " lie behind the end of the data (" + std::to_string(data_bytes) +
           " bytes); the file is cut short or damaged");
    }
    if (entry.end_bytes - entry.begin_bytes != *nbytes) {
      fail(entry.name + ": shape " + to_string(entry.shape) + " of " + std::string(name_of(entry.dtype)) + " needs " +
           std::to_string(*nbytes) + " bytes, but " + range_of(entry) + " are given");
    }
  }
  std::sort(entries.begin(), entries.end(), [](auto const& a, auto const& b) {
    return std::tie(a.begin_bytes, a.end_bytes, a.name) < std::tie(b.begin_bytes, b.end_bytes, b.name);
  });
  Bytes at = 0;
  std::string before = "the beginning";
  for (auto const& entry : entries) {
    if (entry.begin_bytes < at)
      fail(entry.name + " and " + before + " overlap at byte " + std::to_string(entry.begin_bytes) + " of the data");
    if (entry.begin_bytes > at)
      fail("there is a hole between " + before + " and " + entry.name + ", at byte " + std::to_string(at) +
           " of the data");
    at = entry.end_bytes;
    before = entry.name;
  }
  if (at != data_bytes)
    fail("the data has " + std::to_string(data_bytes) + " bytes, but the tensors end at " + std::to_string(at));
  return std::move(entries);
}

}  // namespace distload
