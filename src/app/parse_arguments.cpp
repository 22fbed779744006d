// Converts CLI11's exceptions.
#include "app/parse_arguments.hpp"

#include <CLI/CLI.hpp>

#include <string>

#include <distload/base/error.hpp>

#include "base/standard_streams.hpp"

namespace distload {

bool parse_arguments(CLI::App& app, int argc, char const* const* argv, bool prints) {
  try {
    app.parse(argc, argv);
    return true;
  } catch (CLI::CallForHelp const&) {
    if (prints) print(app.help());
    return false;
  } catch (CLI::ParseError const& error) {
    throw UsageError(std::string(error.what()) + " (" + app.get_name() + " --help shows how it is used)");
  }
}

}  // namespace distload
