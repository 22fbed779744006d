/// A flat byte format for messages between ranks: native byte order; every read checks that enough bytes are left.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <distload/base/error.hpp>

namespace distload {

/// Appends values to a byte string.
class WireWriter {
 public:
  /// Makes room for about so many bytes more, with which the message then grows without being copied.
  void reserve(std::size_t nbytes) { bytes_.reserve(bytes_.size() + nbytes); }

  template <class T>
  requires std::is_trivially_copyable_v<T>
  void put(T const& value) { append(&value, sizeof value); }

  void put_text(std::string_view text) {
    put(text.size());
    append(text.data(), text.size());
  }

  /// A vector of trivially copyable values: its length, then its bytes.
  template <class T>
  requires std::is_trivially_copyable_v<T>
  void put_all(std::vector<T> const& values) {
    put(values.size());
    append(values.data(), values.size() * sizeof(T));
  }

  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  void append(void const* data, std::size_t size) {
    auto const* const begin = static_cast<std::byte const*>(data);
    bytes_.insert(bytes_.end(), begin, begin + size);
  }

  std::vector<std::byte> bytes_;
};

/// Reads the values that a WireWriter wrote, in the same order.
class WireReader {
 public:
  /// The smallest size of a text.
  static constexpr std::size_t kTextBytes = sizeof(std::size_t);

  explicit WireReader(std::span<std::byte const> bytes) : rest_(bytes) {}

  template <class T>
  requires std::is_trivially_copyable_v<T> T get() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  /// An enumerator; the enumeration counts from 0 to `last`.
  template <class Enum>
  requires std::is_enum_v<Enum> Enum get_enum(Enum last) {
    auto const value = get<Enum>();
    if (value < Enum{} || value > last) throw InternalError("a message between ranks holds an unknown value");
    return value;
  }

  /// A number of items, each of at least `least_bytes` (> 0). @throws if the remaining bytes cannot hold them.
  std::size_t get_count(std::size_t least_bytes) {
    auto const count = get<std::size_t>();
    if (count > rest_.size() / least_bytes) throw InternalError("a message between ranks is shorter than it says");
    return count;
  }

  std::string get_text() {
    auto const bytes = take(get<std::size_t>());
    return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
  }

  /// All bytes that are left.
  std::span<std::byte const> get_rest() { return take(rest_.size()); }

  template <class T>
  requires std::is_trivially_copyable_v<T> std::vector<T> get_all() {
    auto const count = get_count(sizeof(T));
    std::vector<T> values(count);
    auto const bytes = take(count * sizeof(T));
    if (count > 0) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }

  bool at_end() const noexcept { return rest_.empty(); }

 private:
  std::span<std::byte const> take(std::size_t size) {
    if (size > rest_.size()) throw InternalError("a message between ranks is shorter than it says");
    auto const front = rest_.first(size);
    rest_ = rest_.subspan(size);
    return front;
  }

  std::span<std::byte const> rest_;
};

}  // namespace distload
