/// Problems: everything that is wrong with a model's parameters, gathered so that a person sees it all at once.
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
  /// `text` says what is wrong with the tensor; equal texts become one paragraph.
  void add(std::string const& text, std::string const& name, Shape const& shape);
  /// The same, naming the weight beside which the tensor stands.
  void add(std::string const& text, std::string const& name, Shape const& shape, std::string const& weight);
  /// The same for what has no shape.
  void add(std::string const& text, std::string const& name);
  /// All of another's.
  void add(Problems const& others);
  /// True if something is wrong with what is called `name`.
  bool contains(std::string const& name) const;
  bool empty() const noexcept { return count_ == 0; }
  /// Number of `add`s.
  std::size_t count() const noexcept { return count_; }
  /// A paragraph per text: the text, then the tensors, those that differ only in a number (their layer) in one line.
  /// What is beyond a screenful or two is counted only.
  std::string describe() const;

 private:
  /// Tensors whose names are alike up to numbers.
  struct Family {
    std::string form;  ///< the name with * for each number
    std::string first;
    std::string shape;
    std::string shape_form;  ///< what may follow it is a weight's name
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
