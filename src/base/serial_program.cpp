// Exceptions to exit codes.
#include "base/serial_program.hpp"

#include <exception>
#include <new>

#include "base/log.hpp"

namespace distload {

int run_serial_program(std::function<ExitCode()> const& body) {
  try {
    return static_cast<int>(body());
  } catch (Error const& error) {
    log().error(error.what());
    return static_cast<int>(error.code());
  } catch (std::bad_alloc const&) {
    log().error("out of memory");
    return static_cast<int>(ExitCode::out_of_budget);
  } catch (std::exception const& error) {
    log().error(error.what());
    return static_cast<int>(ExitCode::internal);
  }
}

}  // namespace distload
