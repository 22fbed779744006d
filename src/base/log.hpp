/// Log messages on stderr. Only rank 0 prints, unless a message must come from another rank.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/core.h>

namespace distload {

/// Writes "distload: warning: text". Texts with arguments are in fmt's format. Does not include spdlog, which writes
/// the messages: its headers take two seconds to compile.
class Log {
 public:
  enum class Level : std::uint8_t { debug, info, warning, error };

  void error(std::string_view text) { write(Level::error, text); }
  void warn(std::string_view text) { write(Level::warning, text); }
  template <class... Args>
  requires(sizeof...(Args) > 0) void warn(fmt::format_string<Args...> text, Args&&... args) {
    write(Level::warning, fmt::format(text, std::forward<Args>(args)...));
  }
  template <class... Args>
  void info(fmt::format_string<Args...> text, Args&&... args) {
    write(Level::info, fmt::format(text, std::forward<Args>(args)...));
  }
  template <class... Args>
  void debug(fmt::format_string<Args...> text, Args&&... args) {
    write(Level::debug, fmt::format(text, std::forward<Args>(args)...));
  }

 private:
  static void write(Level level, std::string_view text);
};

/// The program's log. Every process prints until `print_on_this_rank` is called.
Log& log();

/// `prints` false: suppresses all messages of this rank.
void print_on_this_rank(bool prints);

}  // namespace distload
