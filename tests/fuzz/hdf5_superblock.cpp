// The beginning of a file that may be an HDF5 file.
#include "checkpoint/hdf5/superblock.hpp"

#include "fuzz/input_folder.hpp"

namespace distload::fuzz {

void one_input(Input input) {
  static InputFolder const folder;
  folder.write("f.h5", text_of(input));
  expect(hdf5::check_superblock(folder.file("f.h5")).source.size_bytes == input.size(), "a file has another size");
}

}  // namespace distload::fuzz
