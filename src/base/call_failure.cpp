// Composes the message of a failed foreign call.
#include "base/call_failure.hpp"

namespace distload::detail {

std::string describe_call_failure(std::string_view call, std::string_view text, SourcePlace const& place) {
  std::string_view file = place.file;
  // Leave out folders, which are those of the build machine.
  if (auto const slash = file.rfind('/'); slash != std::string_view::npos) file.remove_prefix(slash + 1);
  std::string message(call.substr(0, call.find('(')));
  return message.append(" failed: ")
             .append(text)
             .append(" (")
             .append(file)
             .append(":")
             .append(std::to_string(place.line)) +
         ")";
}

}  // namespace distload::detail
