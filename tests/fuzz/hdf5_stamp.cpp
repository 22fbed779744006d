// A stamp of four numbers, as it lies in a file, then the file that it is about.
#include "checkpoint/hdf5/stamp.hpp"

#include "base/hash.hpp"
#include "fuzz/input_folder.hpp"

namespace distload::fuzz {

void one_input(Input input) {
  static InputFolder const folder;
  Numbers numbers(input);
  hdf5::Stamp stamp;
  stamp.file_bytes = numbers.word();
  stamp.metadata_bytes = numbers.word();
  stamp.metadata_hash = numbers.word();
  stamp.index_hash = numbers.word();
  auto const content = numbers.rest();
  folder.write("f.h5", text_of(content));
  hdf5::PlainFile file{{folder.file("f.h5"), content.size()}, std::ifstream(folder.file("f.h5"), std::ios::binary)};
  bool const expected = stamp.file_bytes == content.size() && stamp.metadata_bytes <= content.size() &&
                        xxh3_64(content.first(stamp.metadata_bytes)) == stamp.metadata_hash;
  expect(hdf5::belongs_to_file(stamp, file) == expected, "a stamp belongs to another file");
  // The right hash cannot be guessed.
  if (stamp.file_bytes != content.size() || stamp.metadata_bytes > content.size()) return;
  stamp.metadata_hash = xxh3_64(content.first(stamp.metadata_bytes));
  expect(hdf5::belongs_to_file(stamp, file), "a stamp does not belong to its file");
}

}  // namespace distload::fuzz
