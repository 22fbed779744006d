/// Owners and views of HDF5 identifiers.
#pragma once

#include <cstdint>
#include <utility>

#include <hdf5.h>

#include "checkpoint/hdf5/hdf5_error.hpp"

namespace distload::hdf5 {

enum class Kind : std::uint8_t { file, group, dataset, attribute, dataspace, datatype, property_list };

/// Closes an identifier of that kind; returns a negative value on failure.
herr_t close_identifier(Kind kind, hid_t id) noexcept;

/// An identifier that another object owns; the parameter type of functions.
template <Kind kind>
class View {
 public:
  explicit constexpr View(hid_t id) noexcept : id_(id) {}
  constexpr hid_t id() const noexcept { return id_; }

 private:
  hid_t id_;
};

/// Owns an identifier. Move-only. `close` reports errors, the destructor ignores them.
template <Kind kind>
class Handle {
 public:
  explicit Handle(hid_t adopted) noexcept : id_(adopted) {}
  Handle(Handle&& other) noexcept : id_(other.release()) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  Handle(Handle const&) = delete;
  Handle& operator=(Handle const&) = delete;
  ~Handle() {
    if (id_ >= 0) close_identifier(kind, id_);
  }

  View<kind> view() const noexcept { return View<kind>(id_); }

  /// Releases ownership.
  hid_t release() noexcept { return std::exchange(id_, H5I_INVALID_HID); }

  /// @throws Hdf5Error  HDF5 cannot close it, e.g. because its last bytes cannot be written.
  void close(std::string_view path = kNoFile) { DISTLOAD_HDF5(path, close_identifier(kind, release())); }

 private:
  hid_t id_;
};

using File = Handle<Kind::file>;
using Group = Handle<Kind::group>;
using Dataset = Handle<Kind::dataset>;
using Attribute = Handle<Kind::attribute>;
using Dataspace = Handle<Kind::dataspace>;
using Datatype = Handle<Kind::datatype>;
using PropertyList = Handle<Kind::property_list>;

using FileView = View<Kind::file>;
using GroupView = View<Kind::group>;
using DatasetView = View<Kind::dataset>;
using AttributeView = View<Kind::attribute>;
using DataspaceView = View<Kind::dataspace>;
using DatatypeView = View<Kind::datatype>;
using PropertyListView = View<Kind::property_list>;

}  // namespace distload::hdf5
