/// ProgramApp: the command line of a program. Its help, its man page and its completion are made from the same table.
#pragma once

#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

namespace distload {

/// A command that works as it is printed, but for its names in capitals.
struct Example {
  std::string_view command;
  std::string_view what;
};

/// What is said of a program beside its options.
struct ProgramText {
  std::string_view name;     ///< "distload-verify"
  std::string_view purpose;  ///< a sentence, without a full stop
  std::vector<Example> examples;
  std::string_view details = {};  ///< paragraphs, separated by empty lines
};

class ProgramApp : public CLI::App {
 public:
  explicit ProgramApp(ProgramText text)
      : CLI::App(std::string(text.purpose), std::string(text.name)), text_(std::move(text)) {}

  ProgramText const& text() const noexcept { return text_; }

 private:
  ProgramText text_;
};

}  // namespace distload
