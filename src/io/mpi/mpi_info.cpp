// Builds an MPI_Info from a map.
#include "io/mpi/mpi_info.hpp"

#include <string>
#include <string_view>

#include <distload/base/error.hpp>

#include "parallel/mpi_check.hpp"

namespace distload {
namespace {

// MPI's limits include the terminating zero.
void check_length(std::string_view what, std::string_view text, std::string_view key, std::size_t limit) {
  if (!text.empty() && text.size() < limit) return;
  throw ConfigError("load.hints: the " + std::string(what) + " of `" + std::string(key.substr(0, MPI_MAX_INFO_KEY)) +
                    "` has " + std::to_string(text.size()) + " characters; MPI takes 1 to " +
                    std::to_string(limit - 1));
}

}  // namespace

MpiInfo::MpiInfo(Hints const& hints) {
  for (auto const& [key, value] : hints) {
    check_length("name", key, key, MPI_MAX_INFO_KEY);
    check_length("value", value, key, MPI_MAX_INFO_VAL);
  }
  DISTLOAD_MPI(MPI_Info_create(&info_));
  try {
    for (auto const& [key, value] : hints) DISTLOAD_MPI(MPI_Info_set(info_, key.c_str(), value.c_str()));
  } catch (...) {
    MPI_Info_free(&info_);
    throw;
  }
}

MpiInfo::~MpiInfo() { MPI_Info_free(&info_); }

}  // namespace distload
