/// Norm: RMS and layer norms.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <distload/layers/activations.hpp>
#include <distload/load/sharded_model.hpp>

namespace distload {

/// Which norm.
struct NormOptions {
  /// What is done with a row of numbers.
  enum class Kind : std::uint8_t {
    rms,    ///< x / sqrt(mean(x^2) + epsilon)
    layer,  ///< (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon)
  };
  Kind kind = Kind::rms;    ///< of the norm
  float epsilon = 1e-6F;    ///< added to the variance
  float weight_offset = 0;  ///< added to the weight: 1 for Gemma
};

/// y = norm(x) (weight + offset) + bias, of each row. All ranks of a group compute all of it. Refers to the model's
/// memory, as ColumnParallelLinear.
class Norm {
 public:
  /// Local: binds the parameters `name`.weight (or `name`.gamma) and, if the model has one, `name`.bias (`name`.beta).
  /// @throws ConfigError  this rank holds no such parameter, one is no vector of F32, BF16 or F16, or is cut.
  Norm(ShardedModel const& model, std::string const& name, NormOptions const& options);
  ~Norm();
  /// The source cannot be used any more.
  Norm(Norm&&) noexcept;
  Norm(Norm const&) = delete;
  Norm& operator=(Norm const&) = delete;

  /// Numbers in a row.
  std::uint64_t width() const noexcept;
  /// Names of the parameters that are used.
  std::vector<std::string> const& parameters() const noexcept;

  /// Local: new activations of the same shape.
  /// @throws ConfigError  x has rows of another width.
  Activations operator()(ConstActivations const& x) const;
  /// Local: likewise, in the place of x.
  void apply_to(Activations const& x) const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace distload
