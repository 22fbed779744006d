/// thrown_message: the message of an expected exception.
#pragma once

#include <string>

namespace distload {

/// Calls `action`. @returns the message of the `Error` that it throws; "" if it throws none. Other exceptions
/// propagate.
template <class Error, class Action>
std::string thrown_message(Action const& action) {
  try {
    action();
  } catch (Error const& error) {
    return error.what();
  }
  return {};
}

}  // namespace distload
