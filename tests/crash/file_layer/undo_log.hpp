/// The undo log: what power_loss.py needs to take back whatever was not on storage.
///
/// With FILE_LAYER_LOG and FILE_LAYER_RECORD=1 every rank appends to its file `<rank>-<pid>.log` in that directory,
/// each record by one write, and before the call that it is about. A record is a line of fields separated by tabs, the
/// first its time in nanoseconds of CLOCK_MONOTONIC, the second what it is about, the last the number of bytes that
/// follow the line:
///
///     write     inode, offset, length, size before    the old bytes, as far as they are not all zero or too many
///     resize    inode, size before, size after        the old bytes behind the new end, likewise
///     sync      inode                                  written after the call has succeeded, with the time it began
///     create    directory inode, name
///     mkdir     directory inode, name
///     unlink    directory inode, name, inode, backup   the backup is a hard link in the log's directory
///     rmdir     directory inode, name, inode
///     rename    directory inode, name, inode, and of the target: directory inode, name, inode or 0, backup or -
///     exchange  directory inode, name, inode, and of the target: directory inode, name, inode
#pragma once

#include <cstdint>

#include <sys/types.h>

#include "watched.hpp"

namespace distload::file_layer {

/// Of what goes to storage now.
std::uint64_t time_now();

/// True if there is a log to be written.
bool records();

void record_write(int descriptor, WatchedFile const& file, off_t offset, std::uint64_t length);
void record_resize(int descriptor, WatchedFile const& file, off_t size_after);
/// `began` is the time before the call.
void record_sync(WatchedFile const& file, std::uint64_t began);
void record_create(WatchedName const& name);
void record_mkdir(WatchedName const& name);
void record_unlink(WatchedName const& name);
void record_rmdir(WatchedName const& name);
void record_rename(WatchedName const& from, WatchedName const& to);
void record_exchange(WatchedName const& from, WatchedName const& to);

}  // namespace distload::file_layer
