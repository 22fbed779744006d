// A spdlog logger on stderr that prints "distload: warning: text".
#include "base/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

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

}  // namespace

spdlog::logger& log() {
  static auto const logger = [] {
    auto made = std::make_shared<spdlog::logger>("distload", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<PrintableText>('*').set_pattern("distload: %l: %*");
    made->set_formatter(std::move(formatter));
    return made;
  }();
  return *logger;
}

void print_on_this_rank(bool prints) { log().set_level(prints ? spdlog::level::info : spdlog::level::critical); }

}  // namespace distload
