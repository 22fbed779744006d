/// read_document: a YAML document of sections with known keys; error messages have the form of compiler messages.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace distload {

/// The sections and keys that a document may have, and where their values go. Names of keys include the section:
/// "load.engine".
class DocumentKeys {
 public:
  DocumentKeys() = default;
  DocumentKeys(DocumentKeys const&) = delete;
  DocumentKeys& operator=(DocumentKeys const&) = delete;
  virtual ~DocumentKeys() = default;

  /// What the document is, for messages: "configuration".
  virtual std::string_view noun() const = 0;
  virtual bool has_section(std::string const& section) const = 0;
  /// Called before the keys of a section, also if it has none.
  virtual void enter(std::string const& /*section*/) {}
  /// "; did you mean `load`?", or nothing.
  virtual std::string suggest_section(std::string const& section) const = 0;
  virtual bool has(std::string const& key) const = 0;
  virtual bool takes_list(std::string const& key) const = 0;
  /// "; did you mean `load.engine`?", or nothing.
  virtual std::string suggest(std::string const& key) const = 0;
  /// Sets a value, a list as "[1, 2]". @throws ScalarError
  virtual void set(std::string const& key, std::string const& value) = 0;
  /// What the key maps free names to, for messages: "MPI-IO hints"; nothing for all other keys. `set` gets each entry
  /// as the key "load.hints.NAME".
  virtual std::optional<std::string> map_of(std::string const& /*key*/) const { return std::nullopt; }
};

/// @param file_name  for messages only
/// @throws ConfigError  with file:line:column, the line and a caret: not YAML, an unknown or duplicate section or key,
/// a
///                      value of the wrong kind.
void read_document(std::string const& text, std::string const& file_name, DocumentKeys& keys);

}  // namespace distload
