// The message in which one rank tells the others of a checkpoint.
#include "checkpoint/catalog_message.hpp"
#include "checkpoint/validate_catalog.hpp"
#include "fuzz/checked_catalog.hpp"
#include "fuzz/fuzz_target.hpp"

namespace distload::fuzz {

void one_input(Input input) {
  auto const catalog = deserialize_catalog(input);
  validate(catalog);
  expect_usable(catalog);
}

}  // namespace distload::fuzz
