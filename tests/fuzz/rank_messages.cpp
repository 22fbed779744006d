// The smaller messages between ranks. An input's first byte chooses one: settings, rules, a failure, tensors.
#include <algorithm>
#include <vector>

#include <distload/base/error.hpp>

#include "config/settings_message.hpp"
#include "fuzz/fuzz_target.hpp"
#include "parallel/failure.hpp"
#include "partition/rules/rules_message.hpp"
#include "save/tensor_message.hpp"

namespace distload::fuzz {
namespace {

/// What is read and written again reads as the same: `write(read(x))` does not change any more.
template <class Value>
void expect_stable(Input input, Value (*read)(WireReader&), void (*write)(WireWriter&, Value const&)) {
  auto const rewritten = [&](Input message) {
    WireReader in(message);
    WireWriter out;
    write(out, read(in));
    return out.take();
  };
  auto const message = rewritten(input);
  expect(message.size() <= input.size(), "a message is longer than what it was read from");
  expect(rewritten(message) == message, "a message reads back as another one");
}

void write_settings(WireWriter& out, std::vector<Setting> const& settings) { put_settings(out, settings); }

std::vector<DescribedTensor> read_tensors(WireReader& in) {
  std::vector<DescribedTensor> tensors;
  while (!in.at_end()) tensors.push_back(get_tensor(in));
  return tensors;
}

void write_tensors(WireWriter& out, std::vector<DescribedTensor> const& tensors) {
  for (auto const& tensor : tensors) put_tensor(out, tensor);
}

}  // namespace

void one_input(Input input) {
  Numbers numbers(input);
  auto const kind = numbers.byte();
  auto const message = numbers.rest();
  switch (kind) {
    case 's': return expect_stable(message, get_settings, write_settings);
    case 'r': return expect_stable(message, get_rules, put_rules);
    case 't': return expect_stable(message, read_tensors, write_tensors);
    case 'f': {
      auto const failure = decode_failure(message);
      expect(decode_failure(encode(failure)) == failure, "a failure reads back as another one");
      return;
    }
    default: return;
  }
}

}  // namespace distload::fuzz
