// Calls functions of Python with views of memory.
#include "python/python_communicator.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <distload/base/error.hpp>

#include "parallel/all_gathered.hpp"
#include "parallel/machine_identity.hpp"

namespace distload::python {
namespace {

namespace nb = nanobind;

nb::object view_of(void const* data, std::size_t nbytes, int flag) {
  // The interface takes no pointer to const; with PyBUF_READ nothing is written.
  auto* const bytes = const_cast<char*>(static_cast<char const*>(data));
  static char none = 0;
  auto* const view = PyMemoryView_FromMemory(bytes == nullptr ? &none : bytes, static_cast<Py_ssize_t>(nbytes), flag);
  if (view == nullptr) throw nb::python_error();
  return nb::steal(view);
}

nb::object readable(std::span<std::byte const> bytes) { return view_of(bytes.data(), bytes.size(), PyBUF_READ); }
nb::object writable(std::span<std::byte> bytes) { return view_of(bytes.data(), bytes.size(), PyBUF_WRITE); }

/// Calls with the interpreter's lock.
template <class Call>
void with_lock(Call const& call) {
  nb::gil_scoped_acquire const lock;
  try {
    call();
  } catch (nb::python_error& error) {
    // The exception's object must not outlive the lock.
    std::string const text = error.what();
    throw CommunicationError("the process group failed: " + text);
  }
}

/// The element's name in torch and numpy.
char const* name_of_type(std::uint64_t /*value*/) noexcept { return "int64"; }
char const* name_of_type(double /*value*/) noexcept { return "float64"; }
char const* name_of_type(float /*value*/) noexcept { return "float32"; }

char const* name_of_reduction(Reduction reduction) noexcept {
  switch (reduction) {
    case Reduction::sum: return "sum";
    case Reduction::max: return "max";
    case Reduction::min: return "min";
  }
  return "";
}

}  // namespace

PythonCommunicator::PythonCommunicator(nb::object ranks)
    : ranks_(std::move(ranks)),
      rank_(nb::cast<std::uint32_t>(ranks_.attr("rank"))),
      size_(nb::cast<std::uint32_t>(ranks_.attr("size"))) {}

PythonCommunicator::~PythonCommunicator() {
  if (Py_IsInitialized() == 0) {
    ranks_.release();
    return;
  }
  nb::gil_scoped_acquire const lock;
  try {
    ranks_.attr("close")();
  } catch (nb::python_error& error) {
    error.discard_as_unraisable("closing a group of ranks");
  }
  ranks_.reset();
}

void PythonCommunicator::broadcast(std::span<std::byte> bytes, std::uint32_t root) {
  if (bytes.empty() || size_ == 1) return;
  with_lock([&] { ranks_.attr("broadcast")(writable(bytes), root); });
}

void PythonCommunicator::all_gather(std::span<std::byte const> sent, std::span<std::byte> received) {
  if (sent.empty()) return;
  with_lock([&] { ranks_.attr("all_gather")(readable(sent), writable(received)); });
}

template <class T>
void PythonCommunicator::all_reduce_typed(std::span<T> values, Reduction reduction) {
  if (values.empty() || size_ == 1) return;
  with_lock([&] {
    ranks_.attr("all_reduce")(writable(std::as_writable_bytes(values)), name_of_type(T{}),
                              name_of_reduction(reduction));
  });
}

void PythonCommunicator::all_reduce(std::span<std::uint64_t> values, Reduction reduction) {
  if (reduction == Reduction::sum) return all_reduce_typed(values, reduction);
  // Libraries compare them as signed numbers.
  constexpr auto kSign = std::uint64_t{1} << 63U;
  for (auto& value : values) value ^= kSign;
  all_reduce_typed(values, reduction);
  for (auto& value : values) value ^= kSign;
}
void PythonCommunicator::all_reduce(std::span<double> values, Reduction reduction) {
  all_reduce_typed(values, reduction);
}
void PythonCommunicator::all_reduce(std::span<float> values, Reduction reduction) {
  all_reduce_typed(values, reduction);
}

void PythonCommunicator::exchange(std::span<Send const> sends, std::span<Receive const> receives) {
  if (sends.empty() && receives.empty()) return;
  with_lock([&] {
    nb::list sent;
    nb::list received;
    for (auto const& send : sends) {
      if (send.nbytes > 0) sent.append(nb::make_tuple(send.peer, readable({send.data, send.nbytes})));
    }
    for (auto const& receive : receives) {
      if (receive.nbytes > 0) received.append(nb::make_tuple(receive.peer, writable({receive.data, receive.nbytes})));
    }
    ranks_.attr("exchange")(sent, received);
  });
}

void PythonCommunicator::barrier() {
  if (size_ == 1) return;
  with_lock([&] { ranks_.attr("barrier")(); });
}

std::unique_ptr<Communicator> PythonCommunicator::split(std::uint32_t color, std::uint32_t key) {
  std::unique_ptr<Communicator> part;
  with_lock([&] { part = std::make_unique<PythonCommunicator>(ranks_.attr("split")(color, key)); });
  return part;
}

std::unique_ptr<Communicator> PythonCommunicator::split_by_node() {
  auto const nodes = all_gathered(*this, machine_identity());
  auto const first = std::ranges::find(nodes, nodes[rank_]) - nodes.begin();
  return split(static_cast<std::uint32_t>(first), rank_);
}

}  // namespace distload::python
