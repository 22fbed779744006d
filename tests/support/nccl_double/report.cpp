// Reads the environment at every use, so that tests can change it.
#include "report.hpp"

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <sstream>
#include <utility>

namespace nccl_double {
namespace {

std::mutex texts_mutex;
std::set<std::string> texts;  // never removed: callers keep pointers
char const* last = "";        // guarded by texts_mutex

std::string variable(char const* name) {
  auto const* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

ncclResult_t misuse(std::string const& what) {
  set_last_error("misuse: " + what);
  if (variable("NCCL_DOUBLE_MISUSE") == "return") return ncclInvalidUsage;
  std::fprintf(stderr, "nccl double: misuse: %s\n", what.c_str());
  std::fflush(stderr);
  std::abort();
}

void set_last_error(std::string text) {
  std::lock_guard const lock(texts_mutex);
  last = texts.insert(std::move(text)).first->c_str();
}

char const* last_error() {
  std::lock_guard const lock(texts_mutex);
  return last;
}

bool has_fault(FaultKind kind, int rank, std::uint64_t operation) {
  std::istringstream text(variable("NCCL_DOUBLE_FAULT"));
  std::string word;
  if (!std::getline(text, word, ':')) return false;
  constexpr char const* kWords[] = {"absent", "refuse", "error", "vanish"};
  if (word != kWords[static_cast<int>(kind)]) return false;
  int faulty_rank = -1;
  text >> faulty_rank;
  if (faulty_rank != rank) return false;
  char colon = 0;
  std::uint64_t number = 0;
  text >> colon >> number;
  return number == operation;
}

std::chrono::milliseconds slowness() {
  return std::chrono::milliseconds(std::strtol(variable("NCCL_DOUBLE_SLOW_MS").c_str(), nullptr, 10));
}

int version() {
  auto const text = variable("NCCL_DOUBLE_VERSION");
  return text.empty() ? NCCL_VERSION_CODE : static_cast<int>(std::strtol(text.c_str(), nullptr, 10));
}

}  // namespace nccl_double
