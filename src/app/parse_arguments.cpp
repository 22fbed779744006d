// Converts CLI11's exceptions.
#include "app/parse_arguments.hpp"

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <distload/base/error.hpp>
#include <distload/version.hpp>

#include "app/completion.hpp"
#include "app/help_text.hpp"
#include "app/launcher_rank.hpp"
#include "base/standard_streams.hpp"
#include "base/text.hpp"

namespace distload {
namespace {

/// For the build: what is made from the table of options.
std::string generated(ProgramApp const& app, std::string_view what) {
  if (what == "man") return manual_page(app);
  if (what == "bash") return bash_completion(app);
  if (what == "zsh") return zsh_completion(app);
  if (what == "fish") return fish_completion(app);
  throw UsageError("--generate: '" + printable(what) + "' is none of man, bash, zsh and fish");
}

/// Shells replace "~/" at the beginning of an argument, but not behind "--option=".
std::string with_home(std::string argument) {
  auto const* const home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') return argument;
  auto const equals = argument.starts_with("--") ? argument.find('=') : std::string::npos;
  auto const begin = equals == std::string::npos ? 0 : equals + 1;
  if (argument.compare(begin, 2, "~/") == 0) argument.replace(begin, 1, home);
  return argument;
}

}  // namespace

bool parse_arguments(ProgramApp& app, int argc, char const* const* argv) {
  if (app.get_option_no_throw("--version") == nullptr) {
    app.set_version_flag("--version", app.get_name() + " " + DISTLOAD_VERSION, "print the version and exit");
  }
  for (auto* const part : app.get_subcommands({})) part->set_help_flag("-h,--help", "print this help and exit");
  app.set_help_flag("-h,--help", "print this help and exit");
  if (argc == 3 && std::string_view(argv[1]) == "--generate") {
    print(generated(app, argv[2]));
    return false;
  }
  try {
    // CLI11 takes the arguments in reverse order.
    std::vector<std::string> arguments;
    for (auto number = argc; number-- > 1;) arguments.push_back(with_home(argv[number]));
    app.parse(std::move(arguments));
    return true;
  } catch (CLI::CallForHelp const&) {
    print_once(help_text(app));
    return false;
  } catch (CLI::CallForVersion const& version) {
    print_once(std::string(version.what()) + "\n");
    return false;
  } catch (CLI::ParseError const& error) {
    throw UsageError(std::string(error.what()) + " (" + app.get_name() + " --help shows how it is used)");
  }
}

}  // namespace distload
