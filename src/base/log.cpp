// spdlog on stderr, in the shape "distload: warning: text".
#include "base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>

namespace distload {

spdlog::logger& log() {
  static auto const logger = [] {
    auto made = std::make_shared<spdlog::logger>("distload", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("distload: %l: %v");
    return made;
  }();
  return *logger;
}

void speak_on_this_rank(bool speaks) { log().set_level(speaks ? spdlog::level::info : spdlog::level::critical); }

}  // namespace distload
