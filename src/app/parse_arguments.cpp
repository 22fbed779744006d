// Converts CLI11's exceptions.
#include "app/parse_arguments.hpp"

#include <CLI/CLI.hpp>

#include <string>

#include <distload/base/error.hpp>
#include <distload/version.hpp>

#include "base/standard_streams.hpp"

namespace distload {

bool parse_arguments(CLI::App& app, int argc, char const* const* argv, bool prints) {
  if (app.get_option_no_throw("--version") == nullptr) {
    app.set_version_flag("--version", app.get_name() + " " + DISTLOAD_VERSION, "print the version and exit");
  }
  try {
    app.parse(argc, argv);
    return true;
  } catch (CLI::CallForHelp const&) {
    if (prints) print(app.help());
    return false;
  } catch (CLI::CallForVersion const& version) {
    if (prints) print(std::string(version.what()) + "\n");
    return false;
  } catch (CLI::ParseError const& error) {
    throw UsageError(std::string(error.what()) + " (" + app.get_name() + " --help shows how it is used)");
  }
}

}  // namespace distload
