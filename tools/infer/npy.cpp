// The format: magic, version, length of the header, a Python dictionary as text, the numbers.
#include "infer/npy.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/error.hpp>

#include "base/result_file.hpp"
#include "base/text.hpp"

namespace distload {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kLongestHeader = 64 * kKiB;

template <class Number>
constexpr std::string_view kTypeOf = std::is_same_v<Number, float> ? "<f4" : "<i8";

[[noreturn]] void refuse(std::string const& path, std::string const& why) {
  throw ConfigError(printable(path) + " " + why);
}

std::string content_of_file(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw IoError("cannot open " + printable(path));
  std::string content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (file.bad()) throw IoError("cannot read " + printable(path));
  return content;
}

/// Where the dictionary lies in the file.
struct Header {
  std::string text;
  std::size_t end = 0;
};

Header header_of(std::string const& path, std::string const& content) {
  if (!content.starts_with(kMagic) || content.size() < kMagic.size() + 4) refuse(path, "is no .npy file");
  auto const version = content[kMagic.size()];
  auto const width = version == 1 ? std::size_t{2} : std::size_t{4};
  auto const begin = kMagic.size() + 2 + width;
  if (content.size() < begin) refuse(path, "is no .npy file");
  std::size_t length = 0;
  for (std::size_t i = width; i > 0; --i) {
    length = length << 8U | static_cast<unsigned char>(content[kMagic.size() + 1 + i]);
  }
  if (length > kLongestHeader || begin + length > content.size()) refuse(path, "has a damaged .npy header");
  return {content.substr(begin, length), begin + length};
}

/// The text behind "'key':", up to the end of the value.
std::string value_in(std::string const& path, std::string const& header, std::string const& key) {
  constexpr auto kSpace = " \t\n";
  auto const quoted = "'" + key + "'";
  auto const at = header.find(quoted);
  auto const colon = at == std::string::npos ? at : header.find_first_not_of(kSpace, at + quoted.size());
  if (colon != std::string::npos && header[colon] == ':') {
    auto const begin = header.find_first_not_of(kSpace, colon + 1);
    auto const value = begin == std::string::npos ? std::string() : header.substr(begin);
    for (std::string const word : {"True", "False"}) {
      if (value.starts_with(word)) return word;
    }
    auto const end = value.starts_with('\'')  ? value.find('\'', 1)
                     : value.starts_with('(') ? value.find(')')
                                              : value.npos;
    if (end != value.npos) return value.substr(0, end + 1);
  }
  refuse(path, "has a .npy header without '" + key + "'");
}

std::vector<std::uint64_t> shape_in(std::string const& path, std::string const& text) {
  std::vector<std::uint64_t> shape;
  std::uint64_t volume = 1;
  for (auto const* at = text.data(); at != text.data() + text.size();) {
    std::uint64_t number = 0;
    auto const [behind, error] = std::from_chars(at, text.data() + text.size(), number);
    auto const product = error == std::errc::result_out_of_range ? std::nullopt : checked_multiply(volume, number);
    if (behind == at) {
      ++at;  // between numbers
      continue;
    }
    if (!product) refuse(path, "has the impossible shape " + text);
    shape.push_back(number);
    volume = *product;
    at = behind;
  }
  return shape;
}

}  // namespace

template <class Number>
NpyArray<Number> read_npy(std::string const& path) {
  auto const content = content_of_file(path);
  auto const header = header_of(path, content);
  auto const type = value_in(path, header.text, "descr");
  if (type != "'" + std::string(kTypeOf<Number>) + "'") {
    refuse(path, "has numbers of type " + printable(type) + ", expected '" + std::string(kTypeOf<Number>) + "'");
  }
  if (value_in(path, header.text, "fortran_order") != "False") refuse(path, "is in Fortran order, expected C order");
  NpyArray<Number> array{shape_in(path, value_in(path, header.text, "shape")), {}};
  std::uint64_t volume = 1;
  for (auto const size : array.shape) volume *= size;
  auto const nbytes = checked_multiply(volume, sizeof(Number));
  if (!nbytes || content.size() - header.end != *nbytes) {
    refuse(path, "has " + std::to_string(content.size() - header.end) + " bytes of numbers for its shape");
  }
  array.numbers.resize(volume);
  if (volume > 0) std::memcpy(array.numbers.data(), content.data() + header.end, *nbytes);
  return array;
}

template NpyArray<std::int64_t> read_npy(std::string const& path);
template NpyArray<float> read_npy(std::string const& path);

void write_npy(std::string const& path, std::vector<std::uint64_t> const& shape, std::span<float const> numbers) {
  std::string sizes;
  for (auto const size : shape) sizes += std::to_string(size) + ", ";
  auto header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + sizes + "), }";
  // The numbers begin at a multiple of 64 bytes.
  auto const before = kMagic.size() + 4;
  header.resize(round_up(before + header.size() + 1, 64) - before - 1, ' ');
  header += '\n';
  std::string content(kMagic);
  content += '\x01';
  content += '\0';
  content += static_cast<char>(header.size() & 0xFFU);
  content += static_cast<char>(header.size() >> 8U);
  content += header;
  content.append(reinterpret_cast<char const*>(numbers.data()), numbers.size_bytes());
  write_result_file(path, content);
}

}  // namespace distload
