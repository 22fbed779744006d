// Writes the text of the sidecar file.
#include "checkpoint/seal/seal.hpp"

#include <nlohmann/json.hpp>

#include <utility>

#include <distload/base/error.hpp>
#include <distload/version.hpp>

#include "base/hash.hpp"
#include "checkpoint/seal/seal_format.hpp"

namespace distload {
namespace {

std::string quoted(std::string const& text) {
  try {
    return nlohmann::json(text).dump();
  } catch (nlohmann::json::type_error const&) {
    throw CorruptData("the name '" +
                      nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) +
                      "' is not UTF-8 and cannot be sealed");
  }
}

/// Writes `,` and a line break before every member of an object but the first.
class Members {
 public:
  Members(std::string& text, char const* indent) : text_(text), indent_(indent) {}
  std::string& next() { return text_.append(std::exchange(is_first_, false) ? "\n" : ",\n").append(indent_); }

 private:
  std::string& text_;
  char const* indent_;
  bool is_first_ = true;
};

void append(std::string& text, std::string const& name, SealedFile const& file) {
  text.append(quoted(name)).append(": {");
  Members members(text, "      ");
  members.next().append("\"size_bytes\": ").append(std::to_string(file.facts.size_bytes));
  members.next().append("\"mtime_ns\": ").append(std::to_string(file.facts.mtime_ns));
  members.next().append("\"header_xxh3_64\": \"").append(format_hash(file.facts.header_hash)).append("\"");
  if (file.sha256) members.next().append("\"sha256\": \"").append(*file.sha256).append("\"");
  members.next().append("\"tensors\": {");
  Members tensors(text, "        ");
  for (auto const& [tensor, hashes] : file.tensors) {
    tensors.next().append(quoted(tensor)).append(": \"");
    for (auto const hash : hashes) text.append(format_hash(hash));
    text.append("\"");
  }
  text.append("\n      }\n    }");
}

}  // namespace

std::string format_seal(Seal const& seal) {
  std::string text = "{";
  Members members(text, "  ");
  members.next().append("\"format\": \"").append(kSealFormat).append("\"");
  members.next().append("\"format_version\": ").append(std::to_string(kSealVersion));
  members.next().append("\"writer\": \"distload ").append(DISTLOAD_VERSION).append("\"");
  members.next().append("\"block_bytes\": ").append(std::to_string(kSealBlockBytes));
  members.next().append("\"files\": {");
  Members files(text, "    ");
  for (auto const& [name, file] : seal.files) append(files.next(), name, file);
  return text.append("\n  }\n}\n");
}

}  // namespace distload
