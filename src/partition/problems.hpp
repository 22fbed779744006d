/// Problems: collects all errors of a model's parameters, so that one message reports them together.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <distload/tensor/dims.hpp>

namespace distload {

class Problems {
 public:
  /// `text` is the problem of the tensor; problems with equal texts become one paragraph.
  void add(std::string const& text, std::string const& name, Shape const& shape);
  /// The same, naming the weight that the tensor belongs to.
  void add(std::string const& text, std::string const& name, Shape const& shape, std::string const& weight);
  /// The same for a name without a shape.
  void add(std::string const& text, std::string const& name);
  /// Adds all problems of `others`.
  void add(Problems const& others);
  /// True if there is a problem for `name`.
  bool contains(std::string const& name) const;
  bool empty() const noexcept { return count_ == 0; }
  /// Number of `add`s.
  std::size_t count() const noexcept { return count_; }
  /// A paragraph per text: the text, then the tensors; tensors that differ only in a number (their layer) share a line.
  /// Beyond one or two screens, tensors are only counted.
  std::string describe() const;

 private:
  /// Tensors whose names are equal except for numbers.
  struct Family {
    std::string form;  ///< the name with * for every number
    std::string first;
    std::string shape;
    std::string shape_form;  ///< shape and name of the weight, if any
    std::vector<std::string> names;
  };
  struct Paragraph {
    std::string text;
    std::vector<Family> families;
  };

  void add_entry(std::string const& text, std::string const& name, std::string const& shape);

  std::vector<Paragraph> paragraphs_;
  std::unordered_map<std::string, std::size_t> paragraph_of_;  ///< by text
  std::unordered_map<std::string, std::size_t> family_of_;     ///< by paragraph, form and shape
  std::size_t count_ = 0;
};

}  // namespace distload
