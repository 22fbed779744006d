// A spdlog logger on stderr that prints "distload: warning: text".
#include "base/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <utility>

#include "base/text.hpp"

namespace distload {
namespace {

/// Prints a message with its line ends but without control characters: messages contain names from files of others.
class PrintableText : public spdlog::custom_flag_formatter {
 public:
  void format(spdlog::details::log_msg const& message, std::tm const&, spdlog::memory_buf_t& to) override {
    auto const text = printable_lines({message.payload.data(), message.payload.size()});
    to.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return spdlog::details::make_unique<PrintableText>();
  }
};

spdlog::logger& logger() {
  static auto const made_once = [] {
    auto made = std::make_shared<spdlog::logger>("distload", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<PrintableText>('*').set_pattern("distload: %l: %*");
    made->set_formatter(std::move(formatter));
    return made;
  }();
  return *made_once;
}

spdlog::level::level_enum level_of(Log::Level level) {
  switch (level) {
    case Log::Level::debug: return spdlog::level::debug;
    case Log::Level::info: return spdlog::level::info;
    case Log::Level::warning: return spdlog::level::warn;
    case Log::Level::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

void Log::write(Level level, std::string_view text) {
  logger().log(level_of(level), spdlog::string_view_t(text.data(), text.size()));
}

Log& log() {
  static Log log;
  return log;
}

void print_on_this_rank(bool prints) { logger().set_level(prints ? spdlog::level::info : spdlog::level::critical); }

}  // namespace distload
