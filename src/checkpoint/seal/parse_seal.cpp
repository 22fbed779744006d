// A parser handler that accepts only seals and rejects malicious nesting or types at the first wrong token.
#include <algorithm>
#include <array>
#include <initializer_list>
#include <set>
#include <utility>

#include <distload/base/error.hpp>

#include "base/json_parser.hpp"
#include "base/text.hpp"
#include "checkpoint/seal/seal.hpp"
#include "checkpoint/seal/seal_format.hpp"

namespace distload {
namespace {

constexpr std::size_t kHashDigits = 16;
constexpr std::size_t kSha256Digits = 64;

/// Enough for 64 TiB of tensors, and for as many tensors as the largest safetensors header can have.
constexpr JsonLimits kSealLimits{
    .text_bytes = kMaxSealBytes, .depth = 8, .values = 10'000'000, .string_bytes = kMaxSealBytes};

/// Nesting levels of objects.
enum class Level : std::uint8_t { outside, seal, files, file, tensors };

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::uint64_t hash_of(std::string_view digits) {
  std::uint64_t hash = 0;
  for (char const c : digits) hash = hash << 4U | static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  return hash;
}

bool is_name_in_directory(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

std::string in_quotes(std::string_view text) { return "'" + printable(text) + "'"; }

[[noreturn]] void refuse(std::string const& what) { throw JsonProblem(what); }

class SealHandler : public JsonHandler {
 public:
  Seal seal;

  void on_null() override { refuse("null does not belong here"); }
  void on_boolean(bool) override { refuse("true or false does not belong here"); }
  void on_real(double, std::string_view) override { refuse("this is not a whole number of 64 bits"); }
  void on_list() override { refuse("a list does not belong here"); }
  void on_list_end() override {}

  void on_negative(std::int64_t value) override {
    if (level_ != Level::file || key_ != "mtime_ns") refuse("a negative number does not belong here");
    file_.facts.mtime_ns = value;
  }

  void on_number(std::uint64_t value) override {
    if (level_ == Level::seal && key_ == "format_version") return check_version(value);
    if (level_ == Level::seal && key_ == "block_bytes") {
      if (value != kSealBlockBytes) refuse("blocks have " + std::to_string(kSealBlockBytes) + " bytes");
    } else if (level_ == Level::file && key_ == "size_bytes") {
      file_.facts.size_bytes = value;
    } else if (level_ == Level::file && key_ == "mtime_ns") {
      if (!std::in_range<std::int64_t>(value)) refuse("this is not a number of 63 bits");
      file_.facts.mtime_ns = static_cast<std::int64_t>(value);
    } else {
      refuse("a number does not belong here");
    }
  }

  void on_text(std::string_view value) override {
    if (level_ == Level::tensors) {
      take_hashes(value);
    } else if (level_ == Level::seal && key_ == "format") {
      if (value != kSealFormat) refuse("this is not '" + std::string(kSealFormat) + "'");
    } else if (level_ == Level::file && key_ == "header_xxh3_64") {
      if (value.size() != kHashDigits || !is_hex(value)) refuse("this is not 16 lower-case hex digits");
      file_.facts.header_hash = hash_of(value);
    } else if (level_ == Level::file && key_ == "sha256") {
      if (value.size() != kSha256Digits || !is_hex(value)) refuse("this is not 64 lower-case hex digits");
      file_.sha256 = value;
    } else if (level_ != Level::seal || key_ != "writer") {
      refuse("a text does not belong here");
    }
  }

  void on_object() override {
    if (level_ == Level::outside) return enter(Level::seal);
    if (level_ == Level::seal && key_ == "files") return enter(Level::files);
    if (level_ == Level::files) {
      file_ = {};
      return enter(Level::file);
    }
    if (level_ == Level::file && key_ == "tensors") return enter(Level::tensors);
    refuse("an object does not belong here");
  }

  void on_key(std::string_view key, std::size_t) override {
    key_ = key;
    if (level_ == Level::tensors) return;
    if (level_ == Level::files) {
      if (!is_name_in_directory(key)) refuse(in_quotes(key) + " is not the name of a file in this directory");
      file_name_ = key;
      return;
    }
    auto const& known = level_ == Level::seal ? kSealKeys : kFileKeys;
    if (std::ranges::find(known, key) == known.end()) refuse("the key " + in_quotes(key) + " is not known");
    seen_.insert(key_);
  }

  void on_object_end() override {
    switch (level_) {
      case Level::tensors: level_ = Level::file; return;
      case Level::file:
        expect({"size_bytes", "mtime_ns", "header_xxh3_64", "tensors"});
        seal.files.insert_or_assign(file_name_, std::exchange(file_, {}));
        level_ = Level::files;
        return;
      case Level::files: level_ = Level::seal; return;
      case Level::seal:
        expect({"format", "format_version", "block_bytes", "files"});
        level_ = Level::outside;
        return;
      case Level::outside: break;
    }
  }

 private:
  static constexpr std::array<std::string_view, 5> kSealKeys{"format", "format_version", "writer", "block_bytes",
                                                             "files"};
  static constexpr std::array<std::string_view, 5> kFileKeys{"size_bytes", "mtime_ns", "header_xxh3_64", "sha256",
                                                             "tensors"};

  static void check_version(std::uint64_t version) {
    if (version > kSealVersion)
      refuse("version " + std::to_string(version) + " is newer than this distload, which reads up to version " +
             std::to_string(kSealVersion));
    if (version != kSealVersion) refuse("there is no version " + std::to_string(version));
  }

  void enter(Level level) {
    level_ = level;
    if (level == Level::file) std::erase_if(seen_, [](auto const& key) { return contains(kFileKeys, key); });
  }

  void take_hashes(std::string_view digits) {
    if (digits.size() % kHashDigits != 0 || !is_hex(digits)) refuse("these are not 16 lower-case hex digits a block");
    std::vector<std::uint64_t> hashes;
    hashes.reserve(digits.size() / kHashDigits);
    for (std::size_t at = 0; at < digits.size(); at += kHashDigits)
      hashes.push_back(hash_of(digits.substr(at, kHashDigits)));
    file_.tensors.insert_or_assign(key_, std::move(hashes));
  }

  template <class Keys>
  static bool contains(Keys const& keys, std::string_view key) {
    return std::ranges::find(keys, key) != keys.end();
  }

  /// The two kinds of objects have different keys.
  void expect(std::initializer_list<char const*> keys) const {
    for (auto const* const key : keys) {
      if (!seen_.contains(key)) refuse("the key '" + std::string(key) + "' is missing");
    }
  }

  Level level_ = Level::outside;
  std::string key_;
  std::string file_name_;
  SealedFile file_;
  std::set<std::string> seen_;
};

}  // namespace

Seal parse_seal(std::string_view text, std::string const& path) {
  try {
    SealHandler handler;
    parse_json_events(text, kSealLimits, path, handler);
    return std::move(handler.seal);
  } catch (CorruptData const& error) {
    throw CorruptData(std::string(error.what()) +
                      "; remove this damaged seal to load its files unverified, or to seal them anew");
  }
}

}  // namespace distload
